/** Images, videos and attention against Keras 3: outputs and all gradients. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { input } from "../../src/nn/layers/input.ts";
import { layerFrom } from "../../src/nn/layers/registry.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import { setWeights } from "../../src/nn/model/weights.ts";
import { functional } from "../../src/nn/models.ts";
import type { Signal } from "../../src/nn/signals.ts";
import { devices, expectClose, type Tested } from "./close.ts";
import { expectKeras, type ModelCase } from "./keras.ts";
import { flat, measure, type Nested } from "./measure.ts";

interface AttentionCase {
  readonly name: string;
  readonly layer: { readonly layer: string; readonly options: Readonly<Record<string, unknown>> };
  /** Query, value and, where it is given, key. */
  readonly inputs: readonly (readonly (readonly Nested[])[])[];
  readonly weights: readonly Nested[];
  readonly output: Nested;
  readonly coefficients: Nested;
  readonly gradients: { readonly weights: readonly Nested[]; readonly inputs: readonly Nested[] };
}
const { cases, attention } = JSON.parse(
  readFileSync(new URL("keras_sites.json", import.meta.url), "utf8"),
) as { readonly cases: readonly ModelCase[]; readonly attention: readonly AttentionCase[] };

test("Keras has enough to say", () => {
  expect(cases.length).toBeGreaterThanOrEqual(20);
  expect(attention.length).toBeGreaterThanOrEqual(9);
});

describe.each(devices)("Keras, on $name", (tested) => {
  test.each(cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    expectKeras(one, tested);
  });
  test.each(attention.map((one) => [one.name, one] as const))("attention: %s", (_, one) => {
    expectAttention(one, tested);
  });
});

function expectAttention(one: AttentionCase, { device, closeness }: Tested): void {
  const [query, value] = one.inputs;
  const widths = one.inputs.map((x) => flat(x[0]?.[0]).length);
  const symbols = one.inputs.map((_, k) => input({ shape: [null, widths[k] ?? 1] }));
  // A layer of the registry that is called on several symbols.
  const layer = layerFrom(one.layer) as unknown as (x: readonly Signal[]) => Signal;
  const network = networkOf(functional({ inputs: symbols, outputs: layer(symbols) }));
  setWeights(network, one.weights);
  const got = measure(
    network,
    {
      x: one.inputs as unknown as Nested,
      lengths: null,
      states: {},
      coefficients: [one.coefficients],
      finals: {},
    },
    device,
  );
  const steps = Math.max(query?.[0]?.length ?? 1, value?.[0]?.length ?? 1);
  const width = Math.max(...widths);
  const { tolerance, smallest } = closeness({
    features: width,
    units: width,
    classes: width,
    steps,
    rows: 2,
    layers: 3,
  });
  // Scores, weights and mixture are three products one behind the other.
  const close = { tolerance: 3 * tolerance, smallest };
  expectClose(got.outputs[0] ?? [], flat(one.output), "output", close);
  one.gradients.weights.forEach((wanted, k) => {
    expectClose(
      got.weightGradients[k] ?? [],
      flat(wanted),
      `gradient of ${network.variables[k]?.name}`,
      close,
    );
  });
  expectClose(got.inputGradient, flat(one.gradients.inputs), "gradients of the inputs", close);
}
