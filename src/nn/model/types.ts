/** The types of models: the chain of layers of a `sequential`, the data that go in, the results that come out. */
import type { After, Facts, Fits } from "../layers/facts.ts";
import type { Common, Signal } from "../signals.ts";
import type { Ragged } from "./ragged.ts";
import type { Nested, Tensor } from "./tensor.ts";

/** The layers of a `sequential`, with a sentence in place of the first that does not fit; an unknown rest passes. */
export type Chain<
  L extends readonly unknown[],
  S extends Signal = Start<L>,
  Done extends readonly unknown[] = readonly [],
> = L extends readonly [infer First, ...infer Rest]
  ? Verdict<First, S, Done> extends infer V
    ? V extends string
      ? readonly [...Done, V, ...Rest]
      : Chain<Rest, Next<First, S>, readonly [...Done, First]>
    : never
  : readonly [...Done, ...L];
type Verdict<Part, S extends Signal, Done extends readonly unknown[]> = Part extends Facts
  ? SurelyMore<Part["more"][number]> extends true
    ? "In a sequential model a layer has one output. Leave out returnState, or use functional({ inputs, outputs })."
    : Fits<S, Part["takes"]>
  : Done extends readonly []
    ? true
    : "An input goes first.";
type SurelyMore<More extends string> = [More] extends [never] ? false : string extends More ? false : true;
/** The signal behind the last layer, or an unknown one. */
export type Through<L extends readonly unknown[], S extends Signal = Start<L>> = L extends readonly [
  infer First,
  ...infer Rest,
]
  ? Through<Rest, Next<First, S>>
  : L extends readonly []
    ? S
    : Signal;
type Next<Part, S extends Signal> = Part extends Facts ? After<Part, S> : S;
/** The input of a `sequential`: its first part, or what its first layer takes. */
export type Start<L extends readonly unknown[]> = L extends readonly [infer First, ...unknown[]]
  ? First extends Signal
    ? First
    : First extends Facts
      ? Signal<First["takes"], number, "causal">
      : never
  : Signal;

/** One signal, an array or a record of them: the inputs and outputs of a model. */
export type Signals = Signal | readonly Signal[] | { readonly [name: string]: Signal };
export type Leaf<S> = S extends Signal ? S : Extract<S[keyof S], Signal>;

type Rows = readonly (readonly number[])[];
/** What may be fed for an input; a forgotten batch axis is an error. */
export type DataOf<S> = S extends Signal
  ?
      | Tensor
      | Ragged
      | {
          readonly sequence: readonly Rows[];
          readonly vector: Rows;
          readonly tokens: Rows;
          readonly image: Nested;
          readonly other: Nested;
        }[S["kind"]]
  : { readonly [N in keyof S]: DataOf<S[N]> };
/** What is compared with the outputs. */
export type Targets<O> =
  | Tensor
  | Ragged
  | Nested
  | (O extends Signal ? never : { readonly [N in keyof O]: Tensor | Ragged | Nested });
/** What `predict` returns: ragged in, ragged out; as many as there are outputs. */
export type ResultOf<S, X> = S extends Signal
  ? X extends Tensor
    ? Tensor
    : [S["kind"]] extends ["vector" | "image"]
      ? Tensor
      : X extends Ragged
        ? [S["kind"]] extends ["sequence"]
          ? Ragged
          : Tensor | Ragged
        : Tensor | Ragged
  : { readonly [N in keyof S]: ResultOf<S[N], X> };

/** What one step of a session takes. */
export type Step<S> = S extends Signal
  ? {
      readonly sequence: readonly number[] | Float32Array;
      readonly tokens: number;
      readonly vector: readonly number[] | Float32Array;
      readonly image: Nested;
      readonly other: Nested;
    }[S["kind"]]
  : { readonly [N in keyof S]: Step<S[N]> };
/** A literal of the wrong width is an error; a `number[]` or a `Float32Array` passes. */
export type StepFits<X, S> = S extends Signal
  ? X extends { readonly length: infer N extends number }
    ? [Common<N, S["width"]>] extends [never]
      ? `This step has ${N} features, the input of the model has ${S["width"]}.`
      : X
    : X
  : X;
/** The same for the steps of many streams. */
export type StepsFit<X, S> = X extends readonly unknown[]
  ? { readonly [K in keyof X]: StepFits<X[K], S> }
  : X;
