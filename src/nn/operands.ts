/** What an operator is given: symbols, nodes of a step, or numbers. Checked before anything is made of it. */
import { UnrollError } from "../errors.ts";
import type { OperatorName } from "./operatorTable.ts";
import { isSymbolic } from "./symbols.ts";

/** Operands that may not be numbers. */
const onlyValues: ReadonlySet<OperatorName> = new Set<OperatorName>(["matmul", "concat"]);
/** Operators whose last operands are settings: plain numbers. */
const settings: Readonly<Partial<Record<OperatorName, number>>> = { clip: 2, split: 1 };

/** Throws an UnrollError that names the operator and the operand. */
export function checkOperands(name: OperatorName, operands: readonly unknown[]): void {
  const count = settings[name] ?? 0;
  const values = operands.slice(0, operands.length - count);
  if (values.length === 0) refuse(name, "at least one operand", "none");
  values.forEach((operand, k) => {
    const isNumber = typeof operand === "number" && Number.isFinite(operand) && !onlyValues.has(name);
    if (!isNumber && axesOf(operand) === null) {
      const wanted = onlyValues.has(name) ? "a symbol" : "a symbol or a finite number";
      refuse(name, `${wanted} as operand ${k + 1}`, told(operand));
    }
  });
  if (name === "split") checkParts(values[0], operands.at(-1));
  if (name === "clip") checkRange(operands.at(-2), operands.at(-1));
}

function checkParts(x: unknown, parts: unknown): void {
  const width = Number(axesOf(x)?.at(-1) ?? Number.NaN);
  const whole = Number.isInteger(parts) && (parts as number) > 0;
  if (whole && (Number.isNaN(width) || width % (parts as number) === 0)) return;
  refuse("split", `a number of equal parts that ${width} features can be cut into`, told(parts));
}

function checkRange(low: unknown, high: unknown): void {
  const fits = typeof low === "number" && typeof high === "number" && low <= high;
  if (!fits) refuse("clip", "two numbers, the lower first", `${told(low)} and ${told(high)}`);
}

/** The axes of a symbol or a node; null for anything else. */
function axesOf(operand: unknown): readonly unknown[] | null {
  if (isSymbolic(operand)) return operand.axes;
  const { op, shape } = (operand ?? {}) as { readonly op?: unknown; readonly shape?: unknown };
  return typeof op === "string" && Array.isArray(shape) ? shape : null;
}

const told = (value: unknown): string => {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return `string "${value}"`;
  if (value === undefined || value === null) return String(value);
  return Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
};

function refuse(name: OperatorName, expected: string, got: string): never {
  throw new UnrollError({
    where: `operator "${name}"`,
    expected,
    got,
    fix: "In a step use its arguments, weights and numbers; constants that are arrays can be weights of the cell.",
  });
}
