/**
 * What wrong options are tried with, and how a function that takes options is described: one entry for each name that
 * the type of its options has, so that an option without an entry does not compile.
 */
/** What people and programs give by mistake. */
export const suspects: Readonly<Record<string, unknown>> = {
  text: "seven",
  empty: "",
  notANumber: Number.NaN,
  infinity: Number.POSITIVE_INFINITY,
  minusInfinity: Number.NEGATIVE_INFINITY,
  negative: -1,
  zero: 0,
  fraction: 1.5,
  huge: 1e300,
  object: {},
  array: [],
  null: null,
  true: true,
  function: () => 0,
  bigint: 10n,
  symbol: Symbol("seven"),
  map: new Map([["units", 2]]),
  date: new Date(0),
  typedArray: new Float32Array(2),
};
/** What is no options object, though it may hold options, or inherit them. */
export const noOptions: readonly ((usual: object) => unknown)[] = [
  (usual) => Object.create(usual),
  (usual) => new Map(Object.entries(usual)),
  () => new Date(0),
  () => new Float32Array(2),
  () => new ArrayBuffer(8),
  () => [],
  () => null,
  () => "seven",
  () => Symbol("seven"),
];
/** Kinds of options, by the suspects that they take. */
export type Kind = readonly string[];
export const none: Kind = [];
export const count: Kind = none;
export const choice: Kind = none;
export const countFrom0: Kind = ["zero"];
export const flag: Kind = ["true"];
export const fraction: Kind = ["zero"];
export const text: Kind = ["text"];
export const from0: Kind = ["zero", "fraction"];
export const double0: Kind = [...from0, "huge"];
export const above0: Kind = ["fraction"];
export const number: Kind = ["negative", "zero", "fraction"];
export const numberOrNull: Kind = ["null", ...number];
export const from0OrNull: Kind = ["null", ...from0];
export const callable: Kind = ["function"];

/** For each option the suspects that are right. */
type Right<Options> = { readonly [K in keyof Options]-?: Kind };
export interface Target {
  readonly name: string;
  /** Throws, or gives a promise that is rejected. */
  readonly call: (options: never) => unknown;
  /** What is right, with every option that has to be there. */
  readonly usual: object;
  readonly right: Readonly<Record<string, Kind>>;
}

/** A function of options, or of options that may be left out. */
type Takes<Options> = ((options: Options) => unknown) | ((options?: Options) => unknown);

export const target = <Options extends object>(
  name: string,
  call: Takes<Options>,
  usual: NoInfer<Options>,
  right: Right<NoInfer<Options>>,
): Target => ({ name, call: call as Target["call"], usual, right });
