/**
 * Symbols at run time: a value that is not there yet, with its shape and where it comes from.
 *
 *   x = input({ shape: [null, 4] })        { axes: [null, 4], source: { input } }
 *   h = lstm({ units: 8 })(x)              { axes: [8], source: { call: { by: lstm, inputs: [x] }, output } }
 *
 * A model is read from its outputs back to its inputs; nothing is recorded anywhere else.
 */
import type { DType } from "../core/graph/nodes.ts";
import type { Kind, Signal, Time } from "./signals.ts";

/** A shape without the batch; null is any length. */
export type Axes = readonly (number | null)[];

/** What is known of a value before there are data. */
export interface Form {
  readonly axes: Axes;
  readonly dtype: DType;
  readonly time: Time;
}

/** What can be called on symbols: a layer, or an operator. */
export interface Callable {
  readonly type: "layer" | "operator";
  /** The name that a model counts: "lstm" gives "lstm_1". */
  readonly base: string;
}

/** One use of a layer or operator. A layer that is called twice is two calls. */
export interface Call {
  readonly by: Callable;
  readonly inputs: readonly Symbolic[];
  /** First states given by symbols, by name. */
  readonly given: Readonly<Record<string, Symbolic>>;
}

export type Source =
  | { readonly input: { readonly name: string | null } }
  | { readonly call: Call; readonly output: string };

export interface Symbolic extends Signal, Form {
  readonly source: Source;
}

const symbolic: unique symbol = Symbol("symbolic");

export function makeSymbol(form: Form, source: Source): Symbolic {
  const made: Symbolic & { readonly [symbolic]: true } = {
    kind: kindOf(form),
    width: form.axes.at(-1) ?? 1,
    ...form,
    source,
    [symbolic]: true,
  };
  return made;
}

export function isSymbolic(x: unknown): x is Symbolic {
  return typeof x === "object" && x !== null && symbolic in x;
}

export function kindOf({ axes, dtype }: Pick<Form, "axes" | "dtype">): Kind {
  if (axes.length === 1) return dtype === "int32" ? "tokens" : "vector";
  if (axes.length === 3 && axes[0] !== null) return "image";
  return axes.length === 2 ? "sequence" : "other";
}

/** Whether the first axis (after the batch) is time. */
export function hasTime(form: Pick<Form, "axes" | "dtype">): boolean {
  const kind = kindOf(form);
  return kind !== "vector" && kind !== "image";
}

/** For errors: `a vector [batch, 32]`. */
export function described(form: Pick<Form, "axes" | "dtype">): string {
  const kind = kindOf(form);
  const axes = form.axes.map((axis, k) => (axis !== null ? String(axis) : k === 0 ? "time" : "any"));
  const name = {
    sequence: "a sequence",
    vector: "a vector",
    tokens: "tokens",
    image: "an image",
    other: "a value",
  }[kind];
  return `${name} [${["batch", ...axes].join(", ")}]`;
}
