/** The cases of PyTorch for recurrent layers, and the comparison of a device with one. */
import { readFileSync } from "node:fs";
import type { Node } from "../../src/core/graph/nodes.ts";
import { input } from "../../src/nn/layers/input.ts";
import { layerFrom } from "../../src/nn/layers/registry.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import { setWeights } from "../../src/nn/model/weights.ts";
import { sequential } from "../../src/nn/models.ts";
import { type Compared, expectClose, type Tested } from "./close.ts";
import { flat, measure, type Nested } from "./measure.ts";

type States = readonly Readonly<Record<string, Nested>>[];
export interface LayerCase {
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
const casesIn = (file: string): readonly LayerCase[] =>
  (
    JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8")) as {
      readonly cases: readonly LayerCase[];
    }
  ).cases;
export const layerCases: readonly LayerCase[] = [
  ...casesIn("torch.json").filter(({ kind }) => kind !== "loss"),
  ...casesIn("projection.json"),
];

const modelOf = ({ kind, options: { layers, layer, mergeMode, ...options }, input: x }: LayerCase) => {
  const whole = { ...options, returnSequences: true };
  const config =
    kind === "bidirectional"
      ? { layer: kind, options: { mergeMode }, inner: { layer: String(layer), options: whole } }
      : { layer: kind, options: whole };
  const made = Array.from({ length: Number(layers ?? 1) }, () => layerFrom(config));
  return networkOf(sequential(input({ shape: [null, x[0]?.[0]?.length ?? 1] }), ...made));
};

/** Records of states, one a layer or direction, by "layer/state". */
const named = ({ kind }: LayerCase, states: States | null): Readonly<Record<string, Nested>> => {
  const ways = ["forward", "backward"];
  const nameOf = (k: number, state: string): string =>
    kind === "bidirectional"
      ? `bidirectional_${(k >> 1) + 1}/${ways[k % 2]}${state.toUpperCase()}`
      : `${kind}_${k + 1}/${state}`;
  return Object.fromEntries(
    (states ?? []).flatMap((record, k) => Object.entries(record).map(([name, x]) => [nameOf(k, name), x])),
  );
};

const comparedIn = ({ input: x, options }: LayerCase): Compared => ({
  features: x[0]?.[0]?.length ?? 1,
  units: Number(options["units"]),
  classes: 1,
  steps: x[0]?.length ?? 1,
  rows: x.length,
  layers: Number(options["layers"] ?? 1),
});

/** Throws unless everything that PyTorch tells of a case is so. `planted`: see measure.ts. */
export function expectTorch(
  one: LayerCase,
  { device, closeness }: Tested,
  planted: (roots: readonly Node[]) => readonly Node[] = (roots) => roots,
): void {
  const close = closeness(comparedIn(one));
  const network = modelOf(one);
  setWeights(network, one.weights.flat() as never);
  const given = {
    x: one.input,
    lengths: one.lengths,
    states: named(one, one.initialStates),
    coefficients: [one.coefficients.outputs],
    finals: named(one, one.coefficients.finalStates),
    planted,
  };
  const got = measure(network, given, device);
  expectClose(got.outputs[0] ?? [], flat(one.outputs), "outputs", close);
  for (const [name, wanted] of Object.entries(named(one, one.finalStates)))
    expectClose(got.finals[name] ?? [], flat(wanted), name, close);
  one.gradients.weights.flat().forEach((wanted, k) => {
    expectClose(
      got.weightGradients[k] ?? [],
      flat(wanted),
      `gradient of ${network.variables[k]?.name}`,
      close,
    );
  });
  expectClose(got.inputGradient, flat(one.gradients.input), "gradient of the input", close);
  for (const [name, wanted] of Object.entries(named(one, one.gradients.initialStates)))
    expectClose(got.stateGradients[name] ?? [], flat(wanted), `gradient of first ${name}`, close);
}
