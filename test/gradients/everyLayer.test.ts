/**
 * Central differences of every layer with every option, over drawn shapes: a layer, or an option of one, without a check
 * fails. More of them: UNROLL_DRAWN_GRADIENTS=20 npx vitest run test/gradients/everyLayer.test.ts
 */
import { describe, expect, test } from "vitest";
import { parameter } from "../../src/core/graph/build.ts";
import { rows } from "../../src/core/graph/nodes.ts";
import { UnrollError } from "../../src/errors.ts";
import { layerNames } from "../../src/nn/layers/registry.ts";
import { checkResults } from "./check.ts";
import { drawFor, drawnTimes } from "./draw.ts";
import { drawnLayers, made, optionsOf } from "./drawnLayers.ts";
import { layerDraws, withoutDerivative } from "./layerDraws.ts";
import { type NetworkCase, prepared } from "./networks.ts";

const ofWeights = (option: string): boolean => option.endsWith("Regularizer");

/** Throws unless the gradients are right: of the outputs and last states, or of the loss that a layer brings. */
function check(one: NetworkCase): void {
  const { traced, results, wrt, values, dims } = prepared(one);
  const losses = traced.outputs.flatMap(({ loss }) => {
    if (loss === undefined) return [];
    const [steps, count] = [dims["time"] ?? 1, dims["rows"] ?? 1];
    const target = parameter("target", ["time", rows], "int32");
    const width = Number(traced.outputs[0]?.node.shape.at(-1));
    const draw = drawFor("classes", steps, count);
    const data = Float64Array.from({ length: steps * count }, () => draw.whole(0, width - 1));
    values.set(target, { shape: [steps, count], data });
    return [loss(target)];
  });
  checkResults({ results: losses.length > 0 ? losses : results, wrt, given: values, dims });
}

test("every layer is drawn", () => {
  expect(Object.keys(layerDraws).toSorted()).toEqual(layerNames.toSorted());
  const networks = layerNames.flatMap(drawnLayers);
  console.log(`${networks.length} networks of ${layerNames.length} layers`);
  expect(networks.length).toBeGreaterThan(200 * drawnTimes);
});

describe.each(layerNames)("%s", (layer) => {
  test("every option is drawn, or said to change no derivative", () => {
    const { base, options = {} } = layerDraws[layer] ?? { base: () => ({}) };
    const drawn = new Set([...Object.keys(options), ...Object.keys(base(drawFor(layer), {}))]);
    const left = optionsOf(layer).filter(
      (option) => !drawn.has(option) && !withoutDerivative(option) && !ofWeights(option),
    );
    expect(left, "options without a check").toEqual([]);
  });
  test(
    "central differences",
    () => {
      for (const { name, network } of drawnLayers(layer))
        expect(() => check(network), `${layer} ${name}`).not.toThrow();
    },
    60_000 * drawnTimes,
  );
  const refused = Object.entries(layerDraws[layer]?.options ?? {}).filter(
    ([, values]) => values === "refused",
  );
  if (refused.length > 0)
    test("what it will not have is refused", () => {
      for (const [option] of refused) {
        const options = { ...layerDraws[layer]?.base(drawFor(layer), {}), [option]: 0.5 };
        expect(() => made({ layer, options }), option).toThrow(UnrollError);
      }
    });
  const penalties = optionsOf(layer).filter(ofWeights);
  if (penalties.length > 0)
    test("each regularizer comes to a weight of its own", () => {
      const { base, asking = {} } = layerDraws[layer] ?? { base: () => ({}) };
      const amounts = penalties.map((_, k) => ({ l1: 0.1 * (k + 1), l2: 0.2 }));
      const asked = Object.fromEntries(penalties.map((option, k) => [option, amounts[k]]));
      const options = { ...base(drawFor(layer), {}), ...asking, ...asked };
      const { network } = prepared({ ...drawnLayers(layer)[0]!.network, layers: [made({ layer, options })] });
      const found = network.variables.flatMap(({ regularizer }) => regularizer ?? []);
      expect(new Set(found)).toEqual(new Set(amounts));
    });
});
