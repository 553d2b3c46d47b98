/** Small models, masks and activations against Keras 3: outputs and all gradients. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { differentiate } from "../../src/core/grad/gradients.ts";
import { parameter } from "../../src/core/graph/build.ts";
import type { Node } from "../../src/core/graph/nodes.ts";
import { referenceDevice } from "../../src/core/run/referenceDevice.ts";
import { type ActivationName, activationOf } from "../../src/nn/layers/activations.ts";
import { input } from "../../src/nn/layers/input.ts";
import type { LayerConfig } from "../../src/nn/layers/layer.ts";
import { layerFrom } from "../../src/nn/layers/registry.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import { setWeights } from "../../src/nn/model/weights.ts";
import { functional } from "../../src/nn/models.ts";
import type { Signal } from "../../src/nn/signals.ts";
import { isSymbolic } from "../../src/nn/symbols.ts";
import { expectClose } from "./close.ts";
import { flat, measure, type Nested } from "./measure.ts";

interface LayerSpec {
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly layer?: LayerSpec;
}
interface ModelCase {
  readonly name: string;
  readonly layers: readonly LayerSpec[];
  readonly weights: readonly Nested[];
  readonly input: readonly (readonly Nested[])[];
  readonly initialStates: Readonly<Record<string, Nested>> | null;
  readonly outputs: Readonly<Record<string, Nested>>;
  readonly coefficients: Readonly<Record<string, Nested>>;
  readonly gradients: { readonly weights: readonly Nested[]; readonly input: Nested | null };
}
interface ActivationCase {
  readonly name: ActivationName;
  readonly x: Nested;
  readonly y: Nested;
  readonly coefficients: Nested;
  readonly gradient: Nested;
}
const { cases, activations } = JSON.parse(readFileSync(new URL("keras.json", import.meta.url), "utf8")) as {
  readonly cases: readonly ModelCase[];
  readonly activations: readonly ActivationCase[];
};

/** Layers that arrive with the issue on every shape of recurrence. */
const later = ["conv1d", "maxPooling1d", "globalAveragePooling1d", "globalMaxPooling1d"];
const now = cases.filter(({ layers }) => !layers.some(({ type }) => later.includes(type)));

const configOf = ({ type, options, layer }: LayerSpec): LayerConfig => ({
  layer: type,
  options,
  ...(layer ? { inner: configOf(layer) } : {}),
});

function modelOf({ layers, input: x, outputs }: ModelCase) {
  const tokens = layers[0]?.type === "embedding";
  const steps = layers.some(({ type }) => type === "flatten") ? (x[0]?.length ?? 1) : null;
  const begin = tokens
    ? input({ shape: [null], dtype: "int32" })
    : input({ shape: [steps, flat(x[0]?.[0]).length] });
  const end = layers.reduce<unknown>(
    (symbol, spec) => (layerFrom(configOf(spec)) as unknown as (x: unknown) => unknown)(symbol),
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

describe("Keras", () => {
  test("has enough to say", () => {
    expect(now.length).toBeGreaterThanOrEqual(70);
    expect(cases.length - now.length).toBeLessThanOrEqual(10);
  });
  test.each(now.map((one) => [one.name, one] as const))("%s", (_, one) => {
    const network = modelOf(one);
    setWeights(network, one.weights);
    const first = network.layers.find(({ definition }) => definition.states.length > 0)?.name ?? "";
    const states = Object.fromEntries(
      Object.entries(one.initialStates ?? {}).map(([name, x]) => [`${first}/${name}`, x]),
    );
    const got = measure(network, {
      x: one.input,
      lengths: null,
      states,
      coefficients: Object.values(one.coefficients),
      finals: {},
    });
    Object.entries(one.outputs).forEach(([name, wanted], k) => {
      expectClose(got.outputs[k] ?? [], flat(wanted), name);
    });
    one.gradients.weights.forEach((wanted, k) => {
      expectClose(got.weightGradients[k] ?? [], flat(wanted), `gradient of ${network.variables[k]?.name}`);
    });
    if (one.gradients.input)
      expectClose(got.inputGradient, flat(one.gradients.input), "gradient of the input");
  });

  test.each(activations.map((one) => [one.name, one] as const))("activation %s", (name, one) => {
    const rows = Array.isArray(one.x) && Array.isArray(one.x[0]) ? one.x.length : 1;
    const shape = ["rows", flat(one.x).length / rows];
    const [x, by] = [parameter("x", shape), parameter("by", shape)];
    const y = activationOf(name)(x as never) as unknown as Node;
    const { gradients } = differentiate({ roots: [y], seeds: [by], wrt: [x] });
    const [gradient] = gradients;
    const computation = {
      inputs: [x, by],
      lengths: {},
      weights: [],
      outputs: [y, gradient ?? y],
      gradients: [],
    };
    const inputs = [one.x, one.coefficients].map((values) => Float32Array.from(flat(values)));
    const [got, slope] = referenceDevice().compile(computation).runNow({ rows, times: {}, inputs }, []);
    expectClose(Array.from(got ?? []), flat(one.y), "values");
    expectClose(Array.from(slope ?? []), flat(one.gradient), "derivative");
  });
});
