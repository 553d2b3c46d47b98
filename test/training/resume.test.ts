import { describe, expect, test } from "vitest";
import type { Network } from "../../src/nn/model/network.ts";
import { type Callback, earlyStopping } from "../../src/nn/train/callbacks.ts";
import { learnerIn } from "../../src/nn/train/learning.ts";
import type { TrainingState } from "../../src/nn/train/state.ts";
import { lengths, ragged, sequences, tagger, train, weightsOf } from "./harness.ts";

describe("going on", () => {
  test("two calls of fit are one of both", async () => {
    const [whole, parts] = [tagger(), tagger()];
    const options = { epochs: 4, batchSize: 4 };
    const { history } = await train(whole, ragged, options);
    const first = await train(parts, ragged, { ...options, epochs: 1 });
    const second = await train(parts, ragged, { ...options, initialEpoch: 1 });
    expect(weightsOf(parts)).toEqual(weightsOf(whole));
    expect(second.epoch).toEqual([1, 2, 3]);
    expect([...(first.history["loss"] ?? []), ...(second.history["loss"] ?? [])]).toEqual(history["loss"]);
  });

  test.each([1, 2, 3, 4, 5, 6, 8])(
    "stopped after step %i and resumed elsewhere, the bits are those of never stopping",
    async (stop) => {
      const options = { epochs: 3, batchSize: 3, validationSplit: 0.2 };
      const whole = tagger();
      const stopping = { monitor: "loss", patience: 5, restoreBestWeights: true };
      const { history } = await train(whole, ragged, { ...options, callbacks: [earlyStopping(stopping)] });

      const first = tagger();
      const abort = new AbortController();
      const watch: Callback = { onStepEnd: ({ step }) => (step === stop ? abort.abort() : undefined) };
      await train(first, ragged, {
        ...options,
        callbacks: [earlyStopping(stopping), watch],
        signal: abort.signal,
      });
      expect(learnerIn(first)?.state.step).toBe(stop);

      const second = tagger();
      carryOver(first, second);
      const resumed = await train(second, ragged, {
        ...options,
        callbacks: [earlyStopping(stopping), { onTrainBegin: () => undefined }],
        resume: true,
      });
      expect(weightsOf(second)).toEqual(weightsOf(whole));
      expect(resumed.history).toEqual(history);
    },
  );

  test("the same for pieces of batches", async () => {
    const data = { x: sequences([9, 9, 9, 9], 3, 1), y: sequences([9, 9, 9, 9], 2, 2) };
    const options = { epochs: 2, batchSize: 2, tbptt: { steps: 4 } };
    const whole = tagger();
    await train(whole, data, options);
    expect(learnerIn(whole)?.state.step).toBe(12);
    const [first, second] = [tagger(), tagger()];
    const abort = new AbortController();
    const watch: Callback = { onStepEnd: ({ step }) => (step === 5 ? abort.abort() : undefined) };
    await train(first, data, { ...options, callbacks: [watch], signal: abort.signal });
    carryOver(first, second);
    await train(second, data, { ...options, resume: true });
    expect(weightsOf(second)).toEqual(weightsOf(whole));
  });

  test("other data are refused", async () => {
    const network = tagger();
    const abort = new AbortController();
    const watch: Callback = { onStepEnd: () => abort.abort() };
    await train(network, ragged, { batchSize: 4, callbacks: [watch], signal: abort.signal });
    const other = { ...ragged, x: sequences(lengths, 3, 9) };
    await expect(train(network, other, { batchSize: 4, resume: true })).rejects.toThrow(/other data/);
  });

  test("the order of an epoch follows from the seed", async () => {
    const weights = async (seed: number): Promise<unknown> => {
      const network = tagger();
      await train(network, ragged, { batchSize: 4, seed });
      return weightsOf(network);
    };
    expect(await weights(7)).toEqual(await weights(7));
    expect(await weights(7)).not.toEqual(await weights(8));
  });
});

/** What a file would carry from one process to another. */
function carryOver(from: Network, to: Network): void {
  from.variables.forEach(({ value }, k) => {
    (to.variables[k] as { value: Float32Array }).value = value.slice();
  });
  to.version++;
  const [source, target] = [learnerIn(from), learnerIn(to)];
  if (source && target) target.state = structuredClone<TrainingState>(source.state);
}
