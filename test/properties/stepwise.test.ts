/**
 * A causal model step by step is the model on the whole sequence, bit for bit, for sequences of any length and also
 * where a session is put away and taken up again between two steps.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { networkOf } from "../../src/nn/model/network.ts";
import { predict } from "../../src/nn/model/predict.ts";
import type { Tensor } from "../../src/nn/model/tensor.ts";
import { openSession } from "../../src/nn/session/session.ts";
import { devices } from "../conformance/devices.ts";
import { takesTokens } from "../ragged/models.ts";
import { causalModels, roughened } from "../sessions.ts";
import { row } from "./batches.ts";

/** Of the usual input: vectors of three features or tokens, and one output. */
const models = causalModels.filter(([, make]) => {
  const { inputs, outputs } = networkOf(make());
  const [first, ...others] = inputs;
  const usual = first?.symbol.dtype === "int32" || first?.symbol.axes.join() === [null, 3].join();
  return usual && others.length === 0 && outputs.length === 1 && first?.time === "time";
});
const tokens = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 12 });

describe.each(devices)("on $name", ({ device: made }) => {
  const device = made();
  test("there are models", () => expect(models.length).toBeGreaterThan(20));
  test.each(models)("%s", async (_, make) => {
    const network = networkOf(roughened(make()));
    const everyStep = network.outputs[0]?.time !== null;
    const whole = async (x: readonly unknown[]): Promise<readonly number[]> => [
      ...((await predict(network, [x] as never, {}, device)) as Tensor).data,
    ];
    const drawn: fc.Arbitrary<readonly unknown[]> = takesTokens(network) ? tokens : row(1, 12);
    const property = fc.asyncProperty(drawn, fc.nat(), async (x, place) => {
      const session = openSession(network, device);
      const steps: (readonly number[])[] = [];
      for (const [t, step] of x.entries()) {
        if (t === place % x.length) {
          const kept = session.snapshot();
          session.reset();
          session.restore(kept);
        }
        steps.push([...(session.push(step as never) as Float32Array)]);
      }
      expect(everyStep ? steps.flat() : steps.at(-1)).toEqual(await whole(x));
    });
    await fc.assert(property, { numRuns: 6, seed: 12 });
  });
});
