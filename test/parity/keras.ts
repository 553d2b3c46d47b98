/** The cases of Keras 3 for small models, masks and activations, and the comparison of a device with one. */
import { readFileSync } from "node:fs";
import { differentiate } from "../../src/core/grad/gradients.ts";
import { parameter } from "../../src/core/graph/build.ts";
import type { Node } from "../../src/core/graph/nodes.ts";
import { type ActivationName, activationOf } from "../../src/nn/layers/activations.ts";
import { input } from "../../src/nn/layers/input.ts";
import type { LayerConfig } from "../../src/nn/layers/layer.ts";
import { layerFrom } from "../../src/nn/layers/registry.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import { setWeights } from "../../src/nn/model/weights.ts";
import { functional } from "../../src/nn/models.ts";
import { split } from "../../src/nn/operators.ts";
import type { Signal } from "../../src/nn/signals.ts";
import { isSymbolic } from "../../src/nn/symbols.ts";
import { type Compared, expectClose, type Tested } from "./close.ts";
import { flat, measure, type Nested } from "./measure.ts";

interface LayerSpec {
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly layer?: LayerSpec;
  /** Of an attention: 1, query and value are the symbol; more: they, and the key, are equal parts of its features. */
  readonly parts?: number;
}
export interface ModelCase {
  readonly name: string;
  readonly layers: readonly LayerSpec[];
  readonly weights: readonly Nested[];
  readonly input: readonly (readonly Nested[])[];
  /** Steps of each row. Default: all. */
  readonly lengths?: readonly number[] | null;
  readonly initialStates: Readonly<Record<string, Nested>> | null;
  /** See measure.ts. Default: not in training. */
  readonly drawn?: Readonly<Record<string, Nested>>;
  readonly outputs: Readonly<Record<string, Nested>>;
  readonly coefficients: Readonly<Record<string, Nested>>;
  readonly gradients: { readonly weights: readonly Nested[]; readonly input: Nested | null };
}
export interface ActivationCase {
  readonly name: ActivationName;
  readonly x: Nested;
  readonly y: Nested;
  readonly coefficients: Nested;
  readonly gradient: Nested;
}
const casesOf = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8")) as T;
const { cases, activations } = casesOf<{
  readonly cases: readonly ModelCase[];
  readonly activations: readonly ActivationCase[];
}>("keras.json");

/** All layers, those that convolve and pool in more ways, and attention. */
export const modelCases: readonly ModelCase[] = [
  ...cases,
  ...["keras-convolution.json", "keras-attention.json"].flatMap(
    (name) => casesOf<{ readonly cases: readonly ModelCase[] }>(name).cases,
  ),
];

/** Images and videos. */
export const imageCases: readonly ModelCase[] = casesOf<{ readonly cases: readonly ModelCase[] }>(
  "keras-images.json",
).cases;

const configOf = ({ type, options, layer }: LayerSpec): LayerConfig => ({
  layer: type,
  options,
  ...(layer ? { inner: configOf(layer) } : {}),
});

const shapeOf = (x: Nested): number[] => (typeof x === "number" ? [] : [x.length, ...shapeOf(x[0] ?? 0)]);

function operandsOf(symbol: unknown, { parts }: LayerSpec): unknown {
  if (parts === undefined) return symbol;
  return parts === 1 ? [symbol, symbol] : split(symbol as Signal, parts);
}

/** An image has three axes, all of them known. */
function modelOf({ layers, input: x, outputs }: ModelCase) {
  const tokens = layers[0]?.type === "embedding";
  const axes = shapeOf(x).slice(1);
  const fixed = axes.length === 3 || (axes.length === 2 && layers.some(({ type }) => type === "flatten"));
  const begin = tokens
    ? input({ shape: [null], dtype: "int32" })
    : input({ shape: fixed ? axes : [null, ...axes.slice(1)] });
  const end = layers.reduce<unknown>(
    (symbol, spec) =>
      (layerFrom(configOf(spec)) as unknown as (x: unknown) => unknown)(operandsOf(symbol, spec)),
    begin,
  );
  const names = Object.keys(outputs);
  const ends = isSymbolic(end)
    ? [end]
    : Array.isArray(end)
      ? end
      : names.map((name) => (end as Record<string, Signal>)[name]);
  return networkOf(functional({ inputs: begin, outputs: ends as Signal[] }));
}

export const activationCases: readonly ActivationCase[] = activations;

const comparedIn = ({ layers, input: x }: ModelCase): Compared => {
  const widths = layers.map(({ options, layer }) => {
    const { units, filters, kernelSize = 1 } = layer?.options ?? options;
    const places = (Array.isArray(kernelSize) ? kernelSize : [kernelSize]).map(Number);
    return Number(units ?? filters ?? 1) * places.reduce((a, b) => a * b);
  });
  const [features, units] = [flat(x[0]?.[0]).length, Math.max(...widths)];
  return { features, units, classes: units, steps: x[0]?.length ?? 1, rows: x.length, layers: layers.length };
};

/** Throws unless everything that Keras tells of a model is so. `planted`: see measure.ts. */
export function expectKeras(
  one: ModelCase,
  { device, closeness }: Tested,
  planted: (roots: readonly Node[]) => readonly Node[] = (roots) => roots,
): void {
  const close = closeness(comparedIn(one));
  const network = modelOf(one);
  setWeights(network, one.weights);
  const first = network.layers.find(({ definition }) => definition.states.length > 0)?.name ?? "";
  const states = Object.entries(one.initialStates ?? {}).map(([name, x]) => [`${first}/${name}`, x]);
  const given = {
    x: one.input,
    lengths: one.lengths ?? null,
    drawn: one.drawn,
    states: Object.fromEntries(states),
    coefficients: Object.values(one.coefficients),
    finals: {},
    planted,
  };
  const got = measure(network, given, device);
  Object.entries(one.outputs).forEach(([name, wanted], k) => {
    expectClose(got.outputs[k] ?? [], flat(wanted), name, close);
  });
  one.gradients.weights.forEach((wanted, k) => {
    const name = network.variables[k]?.name ?? "";
    // A key's bias moves all scores of a query alike: its gradient is 0, a sum of terms as large as those of its kernel.
    const scale = name.endsWith("/keyBias") ? flat(one.gradients.weights[k - 1]).map(Math.abs) : [];
    const allowed = { ...close, smallest: Math.max(close.smallest, ...scale) };
    expectClose(got.weightGradients[k] ?? [], flat(wanted), `gradient of ${name}`, allowed);
  });
  if (one.gradients.input)
    expectClose(got.inputGradient, flat(one.gradients.input), "gradient of the input", close);
}

/** The same for an activation and its derivative. */
export function expectActivation(one: ActivationCase, { device, closeness }: Tested): void {
  const rows = Array.isArray(one.x) && Array.isArray(one.x[0]) ? one.x.length : 1;
  const width = flat(one.x).length / rows;
  const shape = ["rows", width];
  const [x, by] = [parameter("x", shape), parameter("by", shape)];
  const y = activationOf(one.name)(x as never) as unknown as Node;
  const { gradients } = differentiate({ roots: [y], seeds: [by], wrt: [x] });
  const outputs = [y, gradients[0] ?? y];
  const computation = { inputs: [x, by], lengths: {}, weights: [], outputs, gradients: [] };
  const inputs = [one.x, one.coefficients].map((values) => Float32Array.from(flat(values)));
  const [got, slope] = device.compile(computation).runNow({ rows, times: {}, inputs }, []);
  const close = closeness({ features: 1, units: 1, classes: width, steps: 1, rows, layers: 1 });
  expectClose(Array.from(got ?? []), flat(one.y), "values", close);
  expectClose(Array.from(slope ?? []), flat(one.gradient), "derivative", close);
}
