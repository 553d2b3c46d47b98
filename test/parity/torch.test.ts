/** Recurrent layers against PyTorch: outputs, last states, and all gradients, over lengths, first states and layers. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { input } from "../../src/nn/layers/input.ts";
import { layerFrom } from "../../src/nn/layers/registry.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import { setWeights } from "../../src/nn/model/weights.ts";
import { sequential } from "../../src/nn/models.ts";
import { expectClose } from "./close.ts";
import { flat, measure, type Nested } from "./measure.ts";

type States = readonly Readonly<Record<string, Nested>>[];
interface LayerCase {
  readonly name: string;
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly input: readonly (readonly (readonly number[])[])[];
  readonly lengths: readonly number[] | null;
  readonly initialStates: States | null;
  readonly weights: readonly (readonly Nested[])[];
  readonly coefficients: { readonly outputs: Nested; readonly finalStates: States | null };
  readonly outputs: Nested;
  readonly finalStates: States;
  readonly gradients: {
    readonly weights: readonly (readonly Nested[])[];
    readonly input: Nested;
    readonly initialStates: States | null;
  };
}
const { cases } = JSON.parse(readFileSync(new URL("torch.json", import.meta.url), "utf8")) as {
  readonly cases: readonly LayerCase[];
};
const layerCases = cases.filter(({ kind }) => kind !== "loss");

const modelOf = ({ kind, options: { layers, layer, mergeMode, ...options }, input: x }: LayerCase) => {
  const whole = { ...options, returnSequences: true };
  const config = { layer: kind, options: whole };
  const made =
    kind === "bidirectional"
      ? [layerFrom({ layer: kind, options: { mergeMode }, inner: { layer: String(layer), options: whole } })]
      : Array.from({ length: Number(layers) }, () => layerFrom(config));
  return networkOf(sequential(input({ shape: [null, x[0]?.[0]?.length ?? 1] }), ...made));
};

/** Records of states, one a layer or direction, by "layer/state". */
const named = ({ kind }: LayerCase, states: States | null): Readonly<Record<string, Nested>> => {
  const ways = ["forward", "backward"];
  const nameOf = (k: number, state: string): string =>
    kind === "bidirectional"
      ? `bidirectional_1/${ways[k]}${state.toUpperCase()}`
      : `${kind}_${k + 1}/${state}`;
  return Object.fromEntries(
    (states ?? []).flatMap((record, k) => Object.entries(record).map(([name, x]) => [nameOf(k, name), x])),
  );
};

describe("PyTorch", () => {
  test("has enough to say", () => {
    expect(layerCases.length).toBeGreaterThanOrEqual(50);
  });
  test.each(layerCases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    const network = modelOf(one);
    setWeights(network, one.weights.flat() as never);
    const got = measure(network, {
      x: one.input,
      lengths: one.lengths,
      states: named(one, one.initialStates),
      coefficients: [one.coefficients.outputs],
      finals: named(one, one.coefficients.finalStates),
    });
    expectClose(got.outputs[0] ?? [], flat(one.outputs), "outputs");
    for (const [name, wanted] of Object.entries(named(one, one.finalStates)))
      expectClose(got.finals[name] ?? [], flat(wanted), name);
    one.gradients.weights.flat().forEach((wanted, k) => {
      expectClose(got.weightGradients[k] ?? [], flat(wanted), `gradient of ${network.variables[k]?.name}`);
    });
    expectClose(got.inputGradient, flat(one.gradients.input), "gradient of the input");
    for (const [name, wanted] of Object.entries(named(one, one.gradients.initialStates)))
      expectClose(got.stateGradients[name] ?? [], flat(wanted), `gradient of first ${name}`);
  });
});
