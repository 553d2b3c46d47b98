/** Whatever a model is made of can be looked into: with the bits of predict, the gradients of training, as a graph. */
import {
  backpropagationSteps,
  inspect,
  type LayerInspection,
  type Model,
  setDevice,
  setSeed,
  unfold,
} from "unroll-rnn";
import { beforeEach, describe, expect, test } from "vitest";
import { type Example, examples, predicted, xOf, yOf } from "../everyLayer.ts";

beforeEach(() => setSeed(5));

function compiled({ make, loss = "meanSquaredError" }: Example): Model {
  const model = make();
  model.compile(loss === null ? { optimizer: "adam" } : { optimizer: "adam", loss });
  return model;
}

describe.each(Object.entries(examples))("%s", (_, example) => {
  test("inspect gives what predict gives, and a loss for every row", async () => {
    setDevice("wasm", { threads: 1 });
    const model = compiled(example);
    const seen = await inspect(model, xOf(example), { y: yOf(example) });
    expect((seen.outputs as unknown as { toArray(): unknown }).toArray()).toEqual(
      await predicted(model, xOf(example)),
    );
    expect(Object.keys(seen.layers)).not.toEqual([]);
    expect((seen.loss as unknown as { toArray(): unknown[] }).toArray()).toHaveLength(example.x.length);
  });

  test("the steps of back-propagation add up to the gradients", async () => {
    setDevice("reference");
    const model = compiled(example);
    const [x, y] = [[example.x[0]], [example.y[0]]] as unknown as [never, never];
    const steps = await backpropagationSteps(model, x, y);
    const { loss, gradients } = await model.gradients(x, y);
    expect(Math.abs(steps.loss - loss)).toBeLessThan(1e-6 * Math.max(1, Math.abs(loss)));
    const largest = Math.max(...gradients.flatMap(({ data }) => Array.from(data, Math.abs)));
    gradients.forEach(({ data }, k) => {
      const sums = steps.gradients[k]?.data ?? [];
      for (const [j, value] of data.entries())
        expect(Math.abs((sums[j] ?? Number.NaN) - value) / largest).toBeLessThan(1e-6);
    });
    expect(steps.toText()).toMatch(/^t = 1$/m);
  });

  test("unfolds", () => {
    const { nodes, edges } = unfold(example.make(), { steps: 4 });
    expect(nodes.some(({ kind }) => kind === "loss")).toBe(true);
    expect(edges.length).toBeGreaterThanOrEqual(nodes.length - 1);
  });
});

test("a crf shows its scores beside the labels", async () => {
  setDevice("wasm", { threads: 1 });
  const example = examples["crf"] as Example;
  const { values } = (await inspect(compiled(example), xOf(example))).layers["crf_1"] as LayerInspection;
  const [scores] = (values["output"] as unknown as { toArray(): number[][][] }).toArray();
  expect(scores?.map((step) => step.length)).toEqual(example.x[0]?.map(() => 2));
});
