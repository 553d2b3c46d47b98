/**
 * What is known of a value while a model is written: its kind, its width, and whether it looked ahead in time.
 *
 * Unknown is no special case but the union of all possibilities (`Kind`, `number`, `Time`). Two facts clash only when
 * they have nothing in common, so what is unknown never blocks: it is checked when the model is built.
 */

/**
 * `[batch, time, features]`, `[batch, features]`, integer `[batch, time]`, an image `[batch, height, width, channels]`
 * without time, or anything else: a video, a sequence of matrices.
 */
export type Kind = "sequence" | "vector" | "tokens" | "image" | "other";
/** Does the value at step t need only the steps up to t? */
export type Time = "causal" | "looks ahead";

/** A symbol: an input, or what layers and operators made of it. Plain `Signal` is one that nothing is known about. */
export interface Signal<K extends Kind = Kind, Width extends number = number, T extends Time = Time> {
  readonly kind: K;
  readonly width: Width;
  readonly time: T;
}

/** What two facts have in common; `never` is a clash. */
export type Common<A, B> = Extract<A, B> | Extract<B, A>;
/** The time of a union of signals: one that surely looks ahead decides. */
export type TimeOf<S extends Signal> = [SurelyAhead<S>] extends [never] ? S["time"] : "looks ahead";
type SurelyAhead<S extends Signal> = S extends Signal
  ? [S["time"]] extends ["looks ahead"]
    ? S
    : never
  : never;

/** The operands of `add` and its like again, with a sentence in place of those that clash with the first. */
export type Alike<A extends readonly unknown[]> = A extends readonly [
  infer First extends Signal,
  ...unknown[],
]
  ? { readonly [I in keyof A]: Clash<First, A[I]> }
  : A;
type Clash<A extends Signal, B> = B extends Signal
  ? [Common<A["kind"], B["kind"]>] extends [never]
    ? `The first operand is a ${A["kind"]}, this one a ${B["kind"]}.`
    : [Common<A["width"], B["width"]> | Extract<A["width"] | B["width"], 1>] extends [never]
      ? `The first operand has ${A["width"]} features, this one ${B["width"]}.`
      : B
  : B;
/** What an elementwise operator makes of a union of signals: a width of 1 repeats. */
export type Merge<S extends Signal> = [S] extends [never]
  ? Signal
  : S["kind"] extends infer K extends Kind
    ? Signal<K, [Exclude<S["width"], 1>] extends [never] ? 1 : Exclude<S["width"], 1>, TimeOf<S>>
    : never;

/** A tuple of N things, so that no part of a `split` is possibly undefined. */
export type TupleOf<T, N extends number, Done extends readonly T[] = readonly []> = number extends N
  ? readonly T[]
  : Done["length"] extends N
    ? Done
    : TupleOf<T, N, readonly [...Done, T]>;
