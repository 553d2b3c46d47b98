/**
 * A model that Keras 3 and Unroll both build from one record, with the same weights, and what each says of it: the
 * question to test/peers/keras_answers.py and our own answer, in one form.
 */
import * as unroll from "../../src/index.ts";
import type { LayerConfig } from "../../src/nn/layers/layer.ts";
import { layerFrom } from "../../src/nn/layers/registry.ts";
import type { Nested } from "../../src/nn/model/tensor.ts";
import type { Signal } from "../../src/nn/signals.ts";
import { isSymbolic } from "../../src/nn/symbols.ts";
import { draws } from "../draws.ts";

type Options = Readonly<Record<string, unknown>>;
/** A layer, or an operator that Keras has as a layer. */
export interface Step {
  readonly type: string;
  readonly options: Options;
  readonly layer?: Step;
  /** What it is called on: places among the inputs and all that the layers before gave. Default: what came last. */
  readonly of?: readonly number[];
  /** First states, by the same places. */
  readonly states?: Readonly<Record<string, number>>;
}
/** An array for each input, or each output. */
export type Arrays = readonly Nested[];
export interface Data {
  readonly x: Arrays;
  readonly y: Arrays;
  readonly sampleWeight?: Nested;
}
export interface Compile {
  readonly optimizer: { readonly name: string; readonly options: Options };
  /** The learning rate where it is none of the options: the name of a schedule, its options beside it. */
  readonly schedule?: Options & { readonly name: string };
  readonly losses: readonly { readonly name: string; readonly options: Options }[];
  readonly metrics: readonly string[];
}
export interface Fit extends Data {
  readonly epochs: number;
  readonly batchSize: number;
  readonly initialEpoch?: number;
  readonly validationSplit?: number;
  readonly validation?: Data;
  readonly classWeight?: Readonly<Record<number, number>>;
}
export interface Case {
  readonly name: string;
  readonly inputs: readonly {
    readonly shape: readonly (number | null)[];
    readonly dtype: "float32" | "int32";
  }[];
  readonly layers: readonly Step[];
  /** Places of the outputs. Default: all that the last layer gives. */
  readonly outputs?: readonly number[];
  /** Of several outputs that are trained: the names of their layers. */
  readonly names?: readonly string[];
  readonly batches: readonly Arrays[];
  /** Before which batches stateful layers are reset. */
  readonly resets?: readonly number[];
  /** The same for the weights: of their first values nothing is kept, unless `initial`. */
  readonly seed: number;
  /** What is asked. */
  readonly initial?: boolean;
  readonly predict?: boolean;
  /** The outputs for the first batch with dropout: of Keras only. */
  readonly training?: boolean;
  readonly compile?: Compile;
  readonly evaluate?: Data & { readonly batchSize: number };
  readonly onBatches?: readonly Data[];
  readonly fit?: Fit;
}
type Figures = Readonly<Record<string, number>>;
/** What was not asked for is not there. */
export interface Answer {
  readonly initial?: Arrays;
  readonly predictions?: readonly Arrays[];
  readonly training?: Arrays;
  readonly figures?: Figures;
  readonly onBatches?: readonly Figures[];
  readonly history?: Readonly<Record<string, readonly number[]>>;
  readonly trained?: Arrays;
  /** Why Keras has no answer. */
  readonly refused?: string;
}

/** What Keras is asked: the case, and the weights to begin with. */
export function questionOf(one: Case): object {
  return one.initial ? one : { ...one, weights: drawnWeights(modelOf(one), one.seed) };
}

/** The same parts as in keras_answers.py, in the same order. */
export async function ownAnswer(one: Case): Promise<Answer> {
  const model = modelOf(one);
  if (one.initial) return { initial: weightsOf(model) };
  model.setWeights(drawnWeights(model, one.seed));
  const predictions = one.predict ? { predictions: await predicted(model, one) } : {};
  if (one.compile) model.compile(compileOptions(one, one.compile));
  model.resetStates();
  return {
    ...predictions,
    ...(one.evaluate ? { figures: await evaluated(model, one, one.evaluate) } : {}),
    ...(one.onBatches ? { onBatches: await trainedOn(model, one, one.onBatches) } : {}),
    ...(one.fit ? await fitted(model, one, one.fit) : {}),
  };
}

async function predicted(model: unroll.Model, { batches, resets = [] }: Case): Promise<readonly Arrays[]> {
  const all: Arrays[] = [];
  for (const [k, batch] of batches.entries()) {
    if (resets.includes(k)) model.resetStates();
    all.push(arraysOf(await model.predict(oneOrList(batch) as never, { batchSize: rowsOf(batch) })));
  }
  return all;
}

async function evaluated(
  model: unroll.Model,
  one: Case,
  { x, y, ...options }: NonNullable<Case["evaluate"]>,
): Promise<Figures> {
  return model.evaluate(oneOrList(x) as never, byOutput(one, y), options);
}

async function trainedOn(
  model: unroll.Model,
  one: Case,
  batches: readonly Data[],
): Promise<readonly Figures[]> {
  const all: Figures[] = [];
  for (const { x, y, ...options } of batches)
    all.push(await model.trainOnBatch(oneOrList(x) as never, byOutput(one, y), options));
  return all;
}

async function fitted(
  model: unroll.Model,
  one: Case,
  { x, y, validation, ...options }: Fit,
): Promise<Pick<Answer, "history" | "trained">> {
  const { history } = await model.fit(oneOrList(x) as never, byOutput(one, y), {
    ...options,
    ...(validation ? { validationData: validationData(one, validation) } : {}),
    shuffle: false,
    verbose: 0,
  });
  return { history, trained: weightsOf(model) };
}

function validationData(one: Case, { x, y, sampleWeight }: Data): [unknown, unknown, unknown?] {
  const data: [unknown, unknown] = [oneOrList(x), byOutput(one, y)];
  return sampleWeight === undefined ? data : [...data, sampleWeight];
}

/** By name where the outputs have names. */
const byOutput = ({ names }: Case, all: readonly unknown[]): never =>
  (names ? Object.fromEntries(names.map((name, k) => [name, all[k]])) : oneOrList(all)) as never;

const configOf = ({ type, options, layer }: Step): LayerConfig => ({
  layer: type,
  options,
  ...(layer ? { inner: configOf(layer) } : {}),
});

type Called = (x: unknown, options?: object) => unknown;
const byName = unroll as unknown as Readonly<Record<string, (...x: readonly unknown[]) => unknown>>;
const operators: readonly string[] = ["add", "concat", "mul", "sub", "maximum", "minimum"];

function modelOf({ inputs, layers, outputs, names }: Case): unroll.Model {
  const begin = inputs.map((one) => unroll.input(one as never) as Signal);
  const made: Signal[] = [...begin];
  let last = 0;
  for (const { of = [last], states, ...step } of layers) {
    const given = of.map((k) => made[k]);
    const firsts = Object.entries(states ?? {}).map(([state, k]) => [state, made[k]]);
    const result = operators.includes(step.type)
      ? byName[step.type]?.(...given)
      : (layerFrom(configOf(step)) as unknown as Called)(
          given[0],
          firsts.length > 0 ? { initialState: Object.fromEntries(firsts) } : undefined,
        );
    last = made.length;
    made.push(...(isSymbolic(result) ? [result as unknown as Signal] : Object.values(result as object)));
  }
  const ends = outputs?.map((k) => made[k] as Signal) ?? made.slice(last);
  const given = names ? Object.fromEntries(names.map((name, k) => [name, ends[k]])) : oneOrList(ends);
  return unroll.functional({ inputs: oneOrList(begin), outputs: given } as never) as unknown as unroll.Model;
}

const weightsOf = (model: unroll.Model): Arrays => model.getWeights().map((weight) => weight.toArray());

const madeBy = (name: string, options: Options): unknown => byName[name]?.(options);

function compileOptions(one: Case, { optimizer, schedule, losses, metrics }: Compile): never {
  const { name = "", ...options } = schedule ?? {};
  const rate = schedule ? { learningRate: madeBy(name as string, options) } : {};
  return {
    optimizer: madeBy(optimizer.name, { ...optimizer.options, ...rate }),
    loss: byOutput(
      one,
      losses.map((loss) => madeBy(loss.name, loss.options)),
    ),
    metrics,
  } as never;
}

const oneOrList = <T>(all: readonly T[]): T | readonly T[] => (all.length === 1 ? (all[0] as T) : all);
const arraysOf = (result: unknown): Arrays =>
  (Array.isArray(result) ? result : [result]).map((one) => (one as { toArray(): Nested }).toArray());
const rowsOf = ([first]: Arrays): number => (first as readonly Nested[]).length;

/** Multiples of 1/32 in [-scale, scale): the same number in float32 and in float64. */
export function grid(shape: readonly number[], seed: number, scale = 1): Nested {
  const draw = draws(seed);
  const nested = ([n, ...rest]: readonly number[]): Nested =>
    n === undefined ? Math.floor(draw() * 32 * scale) / 32 : Array.from({ length: n }, () => nested(rest));
  return nested(shape);
}

/** Whole numbers from 0 to `below` - 1. */
export function whole(shape: readonly number[], seed: number, below: number): Nested {
  const through = (x: Nested): Nested =>
    typeof x === "number" ? Math.floor(((x + 1) / 2) * below) : x.map(through);
  return through(grid(shape, seed));
}

const drawnWeights = (model: unroll.Model, seed: number): Nested[] =>
  model.getWeights().map(({ shape }, k) => drawnWeight(shape, seed, k));

/** None is 0, where the slope of |w| is a convention: ours is 0, that of jax 1. */
export function drawnWeight(shape: readonly number[], seed: number, place: number): Nested {
  const aside = (x: Nested): Nested => (typeof x === "number" ? x + 1 / 64 : x.map(aside));
  return aside(grid(shape, 1000 * seed + place, 0.75));
}
