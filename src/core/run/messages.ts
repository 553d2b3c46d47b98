/**
 * What a page and the worker that has its device say to each other. A call has a number, and each gets one answer;
 * what was compiled has a number too. Graphs go as they are: nodes are plain objects, and one message keeps what they
 * share.
 */
import { type ErrorFacts, UnrollError } from "../../errors.ts";
import type { Batch, Computation, Decision, TrainedArrays, Update } from "./device.ts";
import type { WasmOptions } from "./wasmDevice.ts";

/** The first message. */
export interface Open {
  readonly kind: "open";
  readonly options: WasmOptions;
}
export interface Compile {
  readonly kind: "compile";
  readonly object: number;
  readonly computation: Computation;
  /** Null where it is not to be trained. */
  readonly updates: readonly (Update | null)[] | null;
}
export interface Run {
  readonly kind: "run";
  readonly call: number;
  readonly object: number;
  readonly batch: Batch;
  /** Null: those of the last run. */
  readonly weights: readonly Float32Array[] | null;
}
export interface Step {
  readonly kind: "step";
  readonly call: number;
  readonly object: number;
  readonly batch: Batch;
  /** To be written before the step; null: those that the last step left. */
  readonly given: TrainedArrays | null;
}
export interface Release {
  readonly kind: "release";
  readonly object: number;
}
/** The page's answer to `Decide`. */
export interface Decided {
  readonly kind: "decided";
  readonly call: number;
  readonly decision: Decision;
}
export type Order = Open | Compile | Run | Step | Release;
export type Request = Order | Decided;

export interface Ran {
  readonly kind: "ran";
  readonly call: number;
  readonly values: readonly Float32Array[];
}
/** Asks the page in the middle of a step. */
export interface Undecided {
  readonly kind: "undecided";
  readonly call: number;
  readonly squaredNorms: Float64Array;
  readonly outputs: readonly Float32Array[];
}
/** A step is done; null where it changed nothing. */
export interface Stepped {
  readonly kind: "stepped";
  readonly call: number;
  readonly after: TrainedArrays | null;
}
export interface Failed {
  readonly kind: "failed";
  readonly call: number;
  readonly failure: Failure;
}
export type Answer = Ran | Undecided | Stepped | Failed;

/** An error as plain data: classes do not survive the way. */
export type Failure = { readonly facts: ErrorFacts } | { readonly message: string };

export function failureOf(error: unknown): Failure {
  if (error instanceof UnrollError) {
    const { where, expected, got, fix } = error;
    return { facts: { where, expected, got, fix } };
  }
  return { message: error instanceof Error ? `${error.message}\n${error.stack ?? ""}` : String(error) };
}

export function errorOf(failure: Failure): Error {
  return "facts" in failure ? new UnrollError(failure.facts) : new Error(failure.message);
}
