/** Whatever a checkpoint says of where a training was, going on from there trains to the end, or is refused; it never spins. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UnrollError } from "../../src/errors.ts";
import { setDevice } from "../../src/nn/device.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { input } from "../../src/nn/layers/input.ts";
import { gru } from "../../src/nn/layers/recurrent.ts";
import { loadModel, sequential } from "../../src/nn/models.ts";
import type { Model } from "../../src/nn/modelTypes.ts";
import { setSeed } from "../../src/nn/seed.ts";
import { type Callback, earlyStopping } from "../../src/nn/train/callbacks.ts";
import { numbers } from "../saving/models.ts";
import { diceOf } from "./dice.ts";
import { changedJson } from "./json.ts";
import { watchdog } from "./watchdog.ts";

const inputs = Number(process.env["UNROLL_HOSTILE_RESUMED"] ?? 2000);
let home = "";
let config: { training: Record<string, unknown> } = { training: {} };
const [x, y] = [numbers([4, 6, 2]), numbers([4, 6, 1], 2)];
const stopping = (): Callback => earlyStopping({ monitor: "loss", patience: 1, restoreBestWeights: true });
const fitted = (model: Model, more: object): Promise<unknown> =>
  model.fit(
    x as never,
    y as never,
    {
      epochs: 2,
      batchSize: 2,
      tbptt: { steps: 2 },
      verbose: 0,
      callbacks: [stopping()],
      ...more,
    } as never,
  );

beforeAll(async () => {
  setDevice("reference");
  setSeed(1);
  home = mkdtempSync(join(tmpdir(), "unroll-resumed-"));
  const layers = [
    input({ shape: [null, 2] }),
    gru({ units: 2, returnSequences: true }),
    dense({ units: 1 }),
  ] as const;
  const model = sequential(...layers) as unknown as Model;
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  const stop = new AbortController();
  const path = join(home, "model");
  const watch = { onStepEnd: ({ step }: { step: number }) => void (step === 8 && stop.abort()) };
  await fitted(model, {
    signal: stop.signal,
    checkpoint: { path },
    callbacks: [stopping(), watch],
  });
  config = JSON.parse(readFileSync(join(path, "config.json"), "utf8")) as typeof config;
});
afterAll(() => rmSync(home, { recursive: true }));

test("mutated places in a training", async () => {
  expect(config.training["run"]).toMatchObject({ epoch: 1, piece: 2 });
  const path = join(home, "model");
  const watched = watchdog("resumed");
  const outcomes = { trained: 0, refused: 0 };
  for (let k = 0; k < inputs; k++) {
    watched.begin(k);
    const run = changedJson(JSON.stringify(config.training["run"]), diceOf("resumed", k));
    const text = JSON.stringify({ ...config, training: { ...config.training, run: "RUN" } });
    writeFileSync(
      join(path, "config.json"),
      text.replace('"RUN"', () => run),
    );
    try {
      await fitted((await loadModel(path)) as Model, { resume: true });
      outcomes.trained++;
    } catch (error) {
      if (!(error instanceof UnrollError)) throw new Error(`reader resumed, input ${k}`, { cause: error });
      outcomes.refused++;
    }
  }
  watched.end();
  console.log("resumed:", outcomes);
  expect(Math.min(outcomes.trained, outcomes.refused)).toBeGreaterThan(0.05 * inputs);
});
