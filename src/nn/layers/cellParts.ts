/**
 * The parts of a cell as its functions give them, checked: cells come from users, and not all of them from TypeScript.
 *
 *   weights: () => ({ kernel: 3 })              cell "own", weights, kernel: expected a shape ..., got 3
 *   step: (x, { h }, { kernl }) => ...          cell "own", step: expected the weights kernel, got "kernl"
 */
import { UnrollError } from "../../errors.ts";
import { nearest } from "../../spelling.ts";
import type { Cell, Shape } from "../cells/defineCell.ts";
import { isPlain, spelt } from "../options.ts";
import { type Initializer, initializerCheck } from "./initializers.ts";

export interface CellPart {
  readonly name: string;
  readonly shape: Shape;
  /** Null where the cell leaves it to the layer. */
  readonly initializer: Initializer | null;
}

/** Throws an UnrollError unless `cell` is what `defineCell` gives. */
export function refuseOther(cell: unknown): void {
  const { name, states, equation } = (cell ?? {}) as Partial<Cell>;
  if (typeof cell === "object" && typeof name === "string" && Array.isArray(states) && equation) return;
  throw new UnrollError({
    where: "recurrent(cell, options)",
    expected: "a cell",
    got: spelt(cell),
    fix: "Make one: defineCell({ name, state, weights, step }); lstm, gru and simpleRNN are layers already.",
  });
}

/** The shape of each state. */
export function cellStates(cell: Cell, sizes: object): Readonly<Record<string, Shape>> {
  const place = `cell "${cell.name}", state`;
  const states = cell.equation.state(watchedSizes(place, sizes));
  for (const [name, shape] of entriesOf(states, place))
    if (!isShape(shape)) throw noShape(place, name, shape);
  return states;
}

/** Each weight, in order. */
export function cellWeights(cell: Cell, sizes: object): readonly CellPart[] {
  const place = `cell "${cell.name}", weights`;
  return entriesOf(cell.equation.weights(watchedSizes(place, sizes)), place).map(([name, weight]) => {
    if (isShape(weight)) return { name, shape: weight, initializer: null };
    const { shape, initializer } = (weight ?? {}) as {
      readonly shape?: unknown;
      readonly initializer?: unknown;
    };
    if (!isShape(shape)) throw noShape(place, name, weight);
    if (initializer === undefined) return { name, shape, initializer: null };
    if (!initializerCheck.holds(initializer)) throw noInitializer(`${place}, ${name}`, initializer);
    return { name, shape, initializer: initializer as Initializer };
  });
}

function entriesOf(record: unknown, where: string): readonly (readonly [string, unknown])[] {
  if (isPlain(record)) return Object.entries(record);
  throw new UnrollError({
    where,
    expected: "a record of shapes",
    got: spelt(record),
    fix: "Return one, such as { kernel: [features, units] }.",
  });
}

const isShape = (x: unknown): x is Shape =>
  Array.isArray(x) && [...x].every((axis) => Number.isFinite(axis) && axis > 0);

function noShape(place: string, name: string, got: unknown): UnrollError {
  return new UnrollError({
    where: `${place}, ${name}`,
    expected: "a shape, such as [features, units]",
    got: Array.isArray(got) ? `[${got.map(String).join(", ")}]` : spelt(got),
    fix: "Give an array of numbers above 0; a weight may also be { shape, initializer }.",
  });
}

function noInitializer(where: string, got: unknown): UnrollError {
  const near = typeof got === "string" ? nearest(got, initializerCheck.names ?? []) : undefined;
  return new UnrollError({
    where: `${where}, initializer`,
    expected: initializerCheck.expected,
    got: spelt(got),
    fix: near === undefined ? "Choose one of these." : `Did you mean "${near}"?`,
  });
}

/** `record`, which tells of every name that it is asked for in vain. */
export function watched<T extends object>(record: T, missing: (name: string) => void): T {
  return new Proxy(record, {
    get: (target, name) => {
      if (typeof name === "string" && !(name in target)) missing(name);
      return Reflect.get(target, name);
    },
  });
}

/** The sizes and options of a cell for one of its functions, which may ask for no others. */
export const watchedSizes = <T extends object>(place: string, sizes: T): T =>
  watched(sizes, (name) => {
    throw unknownName(place, "options", { name, record: sizes });
  });

/** The error of a function of a cell that asks for a name that its record does not have. */
export function unknownName(
  where: string,
  kind: string,
  { name, record, cause }: { readonly name: string; readonly record: object; readonly cause?: unknown },
): UnrollError {
  const names = Object.keys(record);
  const near = nearest(name, names);
  const facts = {
    where,
    expected: names.length > 0 ? `the ${kind} ${names.join(", ")}` : `no ${kind}`,
    got: `"${name}"`,
    fix: near === undefined ? `Use those, or add ${name} to the cell.` : `Did you mean "${near}"?`,
  };
  return new UnrollError(facts, { cause });
}
