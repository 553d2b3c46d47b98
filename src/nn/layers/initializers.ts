/**
 * First values of weights: functions of (seed, name of the weight), so that a model begins the same wherever it is
 * built. Names, defaults and scales are those of Keras.
 *
 *   variance scaling   glorot: 2 / (in + out)   he: 2 / in   lecun: 1 / in      [in, out] = the axes of the weight
 */

import { mebibytes } from "../../core/run/mebibytes.ts";
import { keyOf, normal, truncatedNormal, uniform } from "../../core/run/random.ts";
import { UnrollError } from "../../errors.ts";
import type { Pieces } from "../breath.ts";
import { allFinite, isFloat32, lostIn32 } from "../float32.ts";
import { type Check, completed, from0, isPlain, number, spelt } from "../options.ts";
import { type Drawing, drawn } from "./drawing.ts";
import { orthogonal } from "./orthogonal.ts";
import { ring } from "./ring.ts";

/** Each initializer with its options and their defaults. */
const defaults = {
  zeros: {},
  ones: {},
  constant: { value: 0 },
  randomNormal: { mean: 0, stddev: 0.05 },
  randomUniform: { minval: -0.05, maxval: 0.05 },
  truncatedNormal: { mean: 0, stddev: 0.05 },
  glorotUniform: {},
  glorotNormal: {},
  heUniform: {},
  heNormal: {},
  lecunUniform: {},
  lecunNormal: {},
  orthogonal: { gain: 1 },
  identity: { gain: 1 },
  ringDecay: { minRadius: 0, maxRadius: 1 },
  ringPhase: { maxPhase: 6.283185307179586 },
  ringScale: { minRadius: 0, maxRadius: 1 },
} as const;

export type InitializerName = keyof typeof defaults;
/** An initializer with its options, as `initializers.randomNormal({ stddev: 0.1 })` gives it. */
export interface InitializerSpec {
  readonly initializer: InitializerName;
  readonly options: Readonly<Record<string, number>>;
}
/** A name, a name with options, or a function from the shape to the values in row-major order. */
export type Initializer =
  | InitializerName
  | InitializerSpec
  | UnitForgetBias
  | ((shape: readonly number[]) => ArrayLike<number>);
/**
 * The bias of an LSTM: as given, but ones for the forget gate, which comes behind `units` numbers of the input gate and
 * has as many (Jozefowicz et al. 2015).
 */
export interface UnitForgetBias {
  readonly units: number;
  readonly unitForgetBias:
    | InitializerName
    | InitializerSpec
    | ((shape: readonly number[]) => ArrayLike<number>);
}

type Options<N extends InitializerName> = { readonly [K in keyof (typeof defaults)[N]]?: number };
type Makers = { readonly [N in InitializerName]: (options?: Options<N>) => InitializerSpec };

const names = Object.keys(defaults) as InitializerName[]; // the keys of the table are exactly these

/** Initializers that take options: `initializers.orthogonal({ gain: 0.9 })`. */
export const initializers: Makers = Object.fromEntries(
  names.map((name) => [name, makerOf(name)]),
) as unknown as Makers;

function makerOf(name: InitializerName): (options?: Readonly<Record<string, number>>) => InitializerSpec {
  const usual: Readonly<Record<string, number>> = defaults[name];
  const checks = Object.fromEntries(Object.keys(usual).map((option) => [option, optionCheck(option)]));
  return (options = {}) => ({
    initializer: name,
    options: completed(`initializers.${name}`, options, usual, checks),
  });
}

function optionCheck(option: string): Check {
  return option === "stddev" ? from0 : number;
}

export const initializerCheck: Check = {
  expected: `a function, or one of ${names.map((name) => `"${name}"`).join(", ")}`,
  holds: (x) => typeof x === "function" || names.some((name) => name === x) || isSpec(x),
  names,
};

const isSpec = (x: unknown): boolean => isPlain(x) && names.some((name) => name === x["initializer"]);

/** The first value of a weight, and what draws it; null: it is there. */
export interface FirstValue {
  readonly values: Float32Array;
  readonly pieces: Pieces | null;
}

/**
 * Throws an UnrollError where the initializer does not fit the shape. Functions of the user's own are called at once,
 * anything else is drawn later: a large model is there without delay, and a page that trains it stays awake.
 */
export function initialized(
  spec: { readonly shape: readonly number[]; readonly initializer: Initializer },
  seed: number,
  name: string,
): FirstValue {
  const { shape, initializer } = spec;
  if (typeof initializer === "object" && "unitForgetBias" in initializer) {
    const { unitForgetBias, units } = initializer; // of a double bias, this is in the first row
    const { values, pieces } = initialized({ shape, initializer: unitForgetBias }, seed, name);
    return { values, pieces: forgetting(values, pieces, units) };
  }
  if (typeof initializer === "function") return { values: ownValues(initializer, shape, name), pieces: null };
  const given = typeof initializer === "string" ? { initializer, options: {} } : initializer;
  const { options } = initializers[given.initializer](given.options);
  const key = keyOf(seed, "weights", name);
  const values = roomFor(shape, name);
  const pieces = rules[given.initializer]({ key, seed, shape, values, options, name });
  return { values, pieces: typeof initializer === "string" ? pieces : finite(pieces, values, name) };
}

/** Options may be large enough that what is drawn is more than float32 holds. */
function* finite(pieces: Pieces, values: Float32Array, name: string): Pieces {
  yield* pieces;
  if (!allFinite(values)) throw refused(name, "finite numbers from its initializer", "others");
}

function* forgetting(bias: Float32Array, pieces: Pieces | null, units: number): Pieces {
  if (pieces !== null) yield* pieces;
  bias.fill(1, units, 2 * units);
}

/** Where devices count bytes in 32 bits. */
const mostNumbers = 2 ** 30;

function roomFor(shape: readonly number[], name: string): Float32Array {
  const count = product(shape);
  try {
    if (count <= mostNumbers) return new Float32Array(count);
  } catch {} // there is not that much memory
  throw new UnrollError({
    where: `weight "${name}"`,
    expected: "a weight that fits the memory, and 4 GiB at most",
    got: `[${shape.join(", ")}], which takes ${mebibytes(4 * count)}`,
    fix: "Use fewer units or features.",
  });
}

type Rule = (drawing: Drawing) => Pieces;

const rules: { readonly [N in InitializerName]: Rule } = {
  zeros: ({ values }) => drawn(values, () => 0),
  ones: ({ values }) => drawn(values, () => 1),
  constant: ({ values, options: { value = 0 } }) => drawn(values, () => value),
  randomNormal: ({ key, values, options: { mean = 0, stddev = 0 } }) =>
    drawn(values, (k) => mean + stddev * normal(key, k)),
  randomUniform: ({ key, values, options: { minval = 0, maxval = 0 } }) =>
    drawn(values, (k) => minval + (maxval - minval) * uniform(key, k)),
  truncatedNormal: ({ key, values, options: { mean = 0, stddev = 0 } }) =>
    drawn(values, (k) => mean + stddev * truncatedNormal(key, k)),
  glorotUniform: scaled("uniform", (fanIn, fanOut) => 2 / (fanIn + fanOut)),
  glorotNormal: scaled("normal", (fanIn, fanOut) => 2 / (fanIn + fanOut)),
  heUniform: scaled("uniform", (fanIn) => 2 / fanIn),
  heNormal: scaled("normal", (fanIn) => 2 / fanIn),
  lecunUniform: scaled("uniform", (fanIn) => 1 / fanIn),
  lecunNormal: scaled("normal", (fanIn) => 1 / fanIn),
  orthogonal: ({ key, shape, values, options: { gain = 1 }, name }) => {
    if (shape.length < 2) throw wrongShape(name, "two axes or more for orthogonal", shape);
    const columns = shape.at(-1) ?? 1;
    return times(gain, orthogonal(key, product(shape.slice(0, -1)), columns), values);
  },
  identity: ({ shape, values, options: { gain = 1 }, name }) => {
    if (shape.length !== 2) throw wrongShape(name, "two axes for identity", shape);
    const columns = shape[1] ?? 1;
    return drawn(values, (k) => (Math.floor(k / columns) === k % columns ? gain : 0));
  },
  ...ring,
};

function* times(gain: number, pieces: Pieces<Float64Array>, values: Float32Array): Pieces {
  const drawn = yield* pieces;
  for (let k = 0; k < values.length; k++) values[k] = drawn[k]! * gain;
}

/** A normal distribution cut off at two deviations has this deviation. */
const truncatedDeviation = 0.8796256610342398;

function scaled(kind: "uniform" | "normal", variance: (fanIn: number, fanOut: number) => number): Rule {
  return ({ key, shape, values }) => {
    const deviation = Math.sqrt(variance(...fansOf(shape)));
    if (kind === "normal")
      return drawn(values, (k) => (deviation / truncatedDeviation) * truncatedNormal(key, k));
    const limit = Math.sqrt(3) * deviation;
    return drawn(values, (k) => limit * (2 * uniform(key, k) - 1));
  };
}

/** What goes in and what comes out of a weight: its last two axes, times those before them (the places of a filter). */
function fansOf(shape: readonly number[]): [number, number] {
  const [fanIn = 1, fanOut = 1] = shape.slice(-2);
  if (shape.length < 2) return [fanIn, fanIn];
  const places = product(shape.slice(0, -2));
  return [fanIn * places, fanOut * places];
}

const product = (shape: readonly number[]): number => shape.reduce((total, axis) => total * axis, 1);

function ownValues(
  draw: (shape: readonly number[]) => ArrayLike<number>,
  shape: readonly number[],
  name: string,
): Float32Array {
  const count = product(shape);
  const given: unknown = draw(shape);
  const values: Partial<ArrayLike<unknown>> = Object(given);
  if (values.length !== count) throw refused(name, `${count} numbers from its initializer`, spelt(given));
  return Float32Array.from({ length: count }, (_, k) => {
    const value = values[k];
    if (isFloat32(value)) return value;
    const got = `${spelt(value)}${lostIn32(value)}`;
    throw refused(name, `a finite number as number ${k} from its initializer`, got);
  });
}

const wrongShape = (name: string, expected: string, shape: readonly number[]): UnrollError =>
  refused(name, expected, `[${shape.join(", ")}]`);

const refused = (name: string, expected: string, got: string): UnrollError =>
  new UnrollError({
    where: `weight "${name}"`,
    expected,
    got,
    fix: "Choose another initializer for this weight.",
  });
