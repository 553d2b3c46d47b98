/**
 * A cell is the equation of one time step, written for one example:
 *
 *   (x [features], states, weights, options) -> the next value of every state, and whatever else is worth showing
 *
 * Order matters to the compiler: `state` and `weights` stand before `step`, whose parameters follow from them.
 */
import { UnrollError } from "../../errors.ts";
import { callable, checkOptions, record, text } from "../options.ts";
import type { Signal } from "../signals.ts";

export type Shape = readonly number[];
export interface Sizes {
  readonly features: number;
  /** Of the input of a step: `[features]`, of a video `[height, width, features]`. */
  readonly shape: Shape;
  readonly units: number;
}
/** A shape; or a shape and how it begins: the name of an initializer, or one with its options. */
export type CellWeight = Shape | { readonly shape: Shape; readonly initializer: string | WithOptions };
interface WithOptions {
  readonly initializer: string;
  readonly options: Readonly<Record<string, number>>;
}
export type Named<Names> = { readonly [N in Names & string]: Signal };
/** What a cell without options has. */
export type NoOptions = Readonly<Record<never, never>>;

/** What the layers do with a cell: its functions, without their types. */
export interface Equation {
  readonly state: (sizes: object) => Readonly<Record<string, Shape>>;
  readonly weights: (sizes: object) => Readonly<Record<string, CellWeight>>;
  readonly step: (
    x: Signal,
    state: object,
    weights: object,
    options: object,
  ) => Readonly<Record<string, Signal>>;
  /** Is every next state a sum of states, each times something that depends on no state? */
  readonly linear: (sizes: object) => boolean;
}

export interface Cell<
  States extends string = string,
  Values extends string = string,
  Options extends object = object,
  Weights extends string = string,
> {
  readonly name: string;
  /** The names of the states; the first is the output unless `output` says otherwise. */
  readonly states: readonly States[];
  /** What the layer gives at each step. */
  readonly output: Values;
  /** What the cell itself understands, with its defaults. */
  readonly options: Options;
  readonly equation: Equation;
  /** Only a type: the names of the weights, for `kernelInitializer` and its like. */
  readonly weightNames?: readonly Weights[];
}

const checks = {
  name: text,
  options: record,
  state: callable,
  weights: callable,
  step: callable,
  output: { expected: "the name of a value", holds: (x: unknown) => typeof x === "string" },
  linear: {
    expected: "true, false or a function of the sizes",
    holds: (x: unknown) => typeof x === "boolean" || typeof x === "function",
  },
};

/** The description that `defineCell` takes. */
export interface CellDescription<S, W, R, O> {
  readonly name: string;
  /** What the cell itself understands; the values are the defaults. */
  readonly options?: O;
  readonly state: (sizes: Sizes & O) => S;
  readonly weights: (sizes: Sizes & O) => W;
  readonly step: (
    x: Signal,
    state: Named<keyof S>,
    weights: Named<keyof W>,
    options: O,
  ) => R & Named<keyof S>;
  /** The name of what the layer gives. Default: the first state. */
  readonly output?: NoInfer<keyof R & string>;
  /**
   * Whether every next state is a sum of states, each times something that depends on no state; the graph says so
   * then (`associativeScan`). A claim that is wrong is refused when a model first computes. Default: false.
   */
  readonly linear?: boolean | ((sizes: Sizes & O) => boolean);
}

/** A cell of one's own. `step` is given one example, without an axis for the batch. */
export function defineCell<
  const S extends { readonly [name: string]: Shape },
  const W extends { readonly [name: string]: CellWeight },
  R extends Named<keyof S>,
  O extends object = NoOptions,
>(cell: CellDescription<S, W, R, O>): Cell<keyof S & string, keyof R & string, O, keyof W & string> {
  checkOptions("defineCell", cell, checks, ["name", "state", "weights", "step"]);
  const { name, state, weights, step, output, linear = false } = cell;
  const options = (cell.options ?? {}) as O; // left out only where O is NoOptions
  // A cell's functions are called with exactly the names that their types were made from.
  const isLinear = typeof linear === "function" ? linear : () => linear;
  const equation = { state, weights, step, linear: isLinear } as unknown as Equation;
  const states = Object.keys(
    equation.state({ features: 1, shape: [1], units: 1, ...options }) ?? {},
  ) as (keyof S & string)[];
  const [first] = states;
  if (first === undefined)
    throw new UnrollError({
      where: "defineCell(options), state",
      expected: "at least one state",
      got: "no state",
      fix: "Give one, such as state: ({ units }) => ({ h: [units] }).",
    });
  return { name, states, output: (output ?? first) as keyof R & string, options, equation };
}
