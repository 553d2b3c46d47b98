/**
 * A training in a process of its own: `node training.mjs FOLDER EPOCHS STEPS`. It says "begun", resumes where there
 * is something to resume, writes all that a training can write (log, best model, a checkpoint after so many steps), and
 * at last says "ended". Whatever it cannot do it tells in one line, and exits with 1.
 */
import { join } from "node:path";
import * as unroll from "../../dist/index.js";

const { adam, dense, dropout, earlyStopping, gru, input, jsonLogger, modelCheckpoint, sequential } = unroll;
const [folder = "", epochs, everySteps] = process.argv.slice(2);

unroll.setDevice("wasm", { threads: 1 });
unroll.setSeed(3);
const model = sequential(
  input({ shape: [null, 3] }),
  gru({ units: 5, returnSequences: true, dropout: 0.2, recurrentDropout: 0.3 }),
  dropout({ rate: 0.3 }),
  dense({ units: 2 }),
);
const optimizer = adam({ learningRate: 0.02, globalClipNorm: 1 });
model.compile({ optimizer, loss: "meanSquaredError", metrics: ["mae"] });

/** Sequences of 3 to 9 steps. */
const numbers = (features, shift) =>
  Array.from({ length: 14 }, (_, row) =>
    Array.from({ length: 3 + ((row * 5) % 7) }, (_, t) =>
      Array.from({ length: features }, (_, k) => Math.sin(shift + row * 7 + t * 3 + k)),
    ),
  );

console.log("begun");
try {
  await model.fit(numbers(3, 0), numbers(2, 5), {
    epochs: Number(epochs),
    batchSize: 3,
    validationSplit: 0.2,
    callbacks: [
      earlyStopping({ monitor: "loss", patience: 10_000, restoreBestWeights: true }),
      jsonLogger({ path: join(folder, "log.jsonl") }),
      modelCheckpoint({ path: join(folder, "best"), monitor: "loss" }),
    ],
    checkpoint: { path: join(folder, "run"), everySteps: Number(everySteps) },
    resume: true,
    verbose: 0,
  });
  console.log("ended");
} catch (error) {
  console.error(error instanceof unroll.UnrollError ? `error: ${error.message}` : error);
  process.exitCode = 1;
}
