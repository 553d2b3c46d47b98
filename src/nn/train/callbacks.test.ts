import { expect, test } from "vitest";
import { type EarlyStoppingOptions, earlyStopping } from "./callbacks.ts";

const model = { getWeights: () => [], setWeights: () => undefined, save: async () => undefined };

/** The epoch behind which it stops, -1 where it does not. */
async function stopsAfter(options: EarlyStoppingOptions, figures: readonly number[]): Promise<number> {
  const callback = earlyStopping(options);
  const { monitor = "valLoss" } = options;
  for (const [epoch, figure] of figures.entries()) {
    let stopped = false;
    const stop = (): void => {
      stopped = true;
    };
    await callback.onEpochEnd?.({ epoch, step: epoch, logs: { [monitor]: figure }, model, stop });
    if (stopped) return epoch;
  }
  return -1;
}

test.each<[EarlyStoppingOptions, readonly number[], number]>([
  [{}, [5, 4, 4, 3], 2],
  [{ patience: 2 }, [5, 4, 4, 4, 3], 3],
  [{ patience: 2 }, [5, 4, 4, 3, 3, 2], -1], // an improvement begins anew
  [{ patience: 2 }, [5, 6, 5.5, 4], 2], // the best counts, not the last
  [{ minDelta: 0.5 }, [5, 4.8, 4.6], 1],
  [{ minDelta: 0.1 }, [5, 4.8, 4.6], -1],
  [{ monitor: "valAccuracy" }, [0.1, 0.2, 0.2], 2],
  [{ monitor: "acc", minDelta: 0.2 }, [0.1, 0.2], 1],
  [{ monitor: "valAccuracy", mode: "min" }, [0.2, 0.1, 0.2], 2],
  [{ monitor: "score", mode: "max" }, [1, 2, 1], 2],
  [{ patience: 2, baseline: 3 }, [5, 4.5, 4.5], 2], // what does not beat it is waited for
  [{ patience: 2, baseline: 3 }, [2.5, 2.4, 2.4], -1],
  [{ startFromEpoch: 2 }, [1, 2, 3, 4], 3],
])("earlyStopping(%j), told %j, stops after epoch %i", async (options, figures, epoch) => {
  expect(await stopsAfter(options, figures)).toBe(epoch);
});

test.each([
  ["val_loss", { loss: 1, valLoss: 1 }, 'Did you mean "valLoss"?'],
  ["valLoss", { loss: 1, mae: 1 }, "Give fit validationData or a validationSplit."],
  ["auc", { loss: 1 }, "Use one of these figures."],
])("a figure %s that there is not, among %j", async (monitor, logs, fix) => {
  const stop = (): void => undefined;
  await expect(async () =>
    earlyStopping({ monitor }).onEpochEnd?.({ epoch: 0, step: 1, logs, model, stop }),
  ).rejects.toThrow(`expected one of ${Object.keys(logs).join(", ")}, got "${monitor}". ${fix}`);
});
