/**
 * The types of layers. A layer is five facts (takes, gives, width, time, more); `After` applies them to a signal.
 *
 * A mistake is a string literal type in the place of the argument, so that the compiler prints our sentence.
 */
import type { Common, Kind, Signal, Time, TimeOf } from "../signals.ts";

/** What a layer does to a signal. `more`: the names of its outputs besides the first (states, the other direction). */
export interface Facts {
  readonly takes: Kind;
  readonly gives: Kind | "same";
  readonly width: number | "same";
  readonly time: Time;
  readonly more: readonly string[];
}
/** A layer that nothing is known about: the element type of an array of layers. */
export interface Layer extends Facts {
  (x: Signal): Signal;
}
/** A layer as the functions of this library return it: its facts, and a call on a symbol. */
export interface LayerOf<
  Takes extends Kind,
  Gives extends Kind | "same",
  Width extends number | "same",
  T extends Time = "causal",
  More extends string = never,
> extends Facts {
  readonly takes: Takes;
  readonly gives: Gives;
  readonly width: Width;
  readonly time: T;
  readonly more: readonly More[];
  <S extends Signal, const Given extends StatesGiven = NoStates>(
    x: Fits<S, Takes> extends true ? S : Fits<S, Takes>,
    options?: { readonly initialState: Given },
  ): Outputs<LayerOf<Takes, Gives, Width, Given extends NoStates ? T : "looks ahead", More>, S>;
}
type StatesGiven = { readonly [state: string]: Signal };
type NoStates = Readonly<Record<string, never>>;

/** `S` behind a layer. (Conditional, so that a hover shows the Signal and not the name of this alias.) */
export type After<L extends Facts, S extends Signal> = [L["gives"], L["width"]] extends [infer G, infer W]
  ? Signal<
      [G] extends [Kind] ? G : [G] extends ["same"] ? S["kind"] : Kind,
      [W] extends [number] ? W : [W] extends ["same"] ? S["width"] : number,
      TimeOf<S | Signal<Kind, number, L["time"]>>
    >
  : never;
type Outputs<L extends Facts, S extends Signal> =
  After<L, S> extends infer Y extends Signal ? Shown<L["more"][number], Y> : never;
/** One output as it is, two directions as a pair, anything else as a record. */
type Shown<More extends string, Y extends Signal> = [More] extends [never]
  ? Y
  : [More] extends ["backward"]
    ? readonly [Y, Y]
    : { readonly output: Y } & {
        readonly [N in More]: N extends "backward" ? Y : Signal<"vector", Y["width"], Y["time"]>;
      };

/** `true`, or the sentence that the user reads. */
export type Fits<S extends Signal, Takes extends Kind> = [Common<S["kind"], Takes>] extends [never]
  ? Misfit<S["kind"], Takes>
  : true;
type Misfit<Given extends Kind, Taken extends Kind> = [Given] extends ["tokens"]
  ? "This layer takes numbers but gets tokens. Put embedding({ inputDim, outputDim }) before it."
  : [Taken] extends ["tokens"]
    ? 'This layer takes tokens but gets numbers. Give the input shape: [null] and dtype: "int32".'
    : [Given, Taken] extends ["vector", "sequence"]
      ? `This layer takes a sequence but gets a vector. ${MakeSequence}`
      : [Given, Taken] extends ["sequence", "vector"]
        ? `This layer takes a vector but gets a sequence. ${MakeVector}`
        : "This layer takes another number of axes. Look at the shape of what it gets.";
type MakeSequence = `Set returnSequences: true on ${Before}, or put repeatVector({ n }) between.`;
type MakeVector = `Leave out returnSequences on ${Before}, or put flatten() between.`;
type Before = "the recurrent layer before it";

/** All kinds that hold real numbers. */
export type Numbers = Exclude<Kind, "tokens">;
