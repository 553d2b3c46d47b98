/** What `model.step` is given besides the weights. */
import { UnrollError } from "../../errors.ts";

/** Throws an UnrollError unless the state is null or one that a step returned, and the batch has x and y. */
export function checkStep(optimizerState: unknown, batch: unknown): void {
  const { step, slots } = (optimizerState ?? { step: 0, slots: [] }) as Readonly<Record<string, unknown>>;
  if (!Number.isInteger(step) || !Array.isArray(slots)) {
    refuse("optimizerState", "null at first, then what the step before returned", told(optimizerState));
  }
  const given = typeof batch === "object" && batch !== null && "x" in batch && "y" in batch;
  if (!given) refuse("batch", "{ x, y }", told(batch));
}

const told = (value: unknown): string =>
  typeof value === "object" && value !== null
    ? `an object with ${Object.keys(value).join(", ") || "nothing"}`
    : String(value);

function refuse(name: string, expected: string, got: string): never {
  throw new UnrollError({
    where: `model.step(weights, optimizerState, batch), ${name}`,
    expected,
    got,
    fix: "Call it as model.step(model.getWeights(), null, { x, y }).",
  });
}
