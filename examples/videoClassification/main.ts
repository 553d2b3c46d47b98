/**
 * Video classification: 1,000 sequences of 9 features a frame, 10 to 50 frames long, in 3 classes. A light on a ring of
 * sensors goes up, goes down or swings; the mean frame does not know which way, and the last frame even less.
 */
import { adam, dense, earlyStopping, gru, input, sequential, setDevice, setSeed } from "unroll-rnn";
import { movements, movingLights } from "../../src/work/data/frames.ts";

const settings = { train: 800, held: 200, features: 9, units: 24, epochs: 25, learningRate: 0.01, seed: 1 };

setDevice("wasm", { strict: true, threads: 1 }); // small models; the same numbers on every machine
setSeed(settings.seed);
const { x, y } = movingLights({ count: settings.train + settings.held, seed: 1 });
const [train, held] = [
  { x: x.slice(0, settings.train), y: y.slice(0, settings.train) },
  { x: x.slice(settings.train), y: y.slice(settings.train) },
];

/** All that is left of a video without the order of its frames. */
const meanFrames = (videos: readonly number[][][]): number[][] =>
  videos.map((frames) =>
    Array.from(
      { length: settings.features },
      (_, k) => frames.reduce((sum, frame) => sum + (frame[k] ?? 0), 0) / frames.length,
    ),
  );

const still = sequential(
  input({ shape: [settings.features] }),
  dense({ units: settings.units, activation: "tanh" }),
  dense({ units: movements.length, activation: "softmax" }),
);
const watcher = sequential(
  input({ shape: [null, settings.features] }),
  gru({ units: settings.units }),
  dense({ units: movements.length, activation: "softmax" }),
);
for (const model of [still, watcher])
  model.compile({
    optimizer: adam({ learningRate: settings.learningRate, globalClipNorm: 1 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });

const options = { epochs: settings.epochs, seed: settings.seed, verbose: 0 } as const;
await still.fit(meanFrames(train.x), train.y, options);
const stopper = earlyStopping({ monitor: "valLoss", patience: 6, restoreBestWeights: true });
const { epoch } = await watcher.fit(train.x, train.y, {
  ...options,
  validationSplit: 0.1,
  callbacks: [stopper],
});

const percent = (share: number | undefined): string => `${(100 * (share ?? 0)).toFixed(1)} %`.padStart(8);
const [mean, moving] = [
  await still.evaluate(meanFrames(held.x), held.y),
  await watcher.evaluate(held.x, held.y),
];
console.log(`right about ${held.y.length} videos it has not been trained on, 10 to 50 frames`);
console.log(`  guessing                       ${percent(1 / movements.length)}`);
console.log(`  mean frame and dense layers    ${percent(mean["accuracy"])}`);
console.log(`  GRU over the frames            ${percent(moving["accuracy"])}   (${epoch.length} epochs)\n`);

/** As the videos go on: the class after each tenth frame, from one session fed frame by frame. */
const session = watcher.session();
for (const k of [0, 1, 2]) {
  session.reset();
  const guesses = (held.x[k] ?? []).map((frame) => {
    const scores = [...session.push(frame)];
    return movements[scores.indexOf(Math.max(...scores))];
  });
  const shown = guesses.filter((_, t) => t % 8 === 7).join(", ");
  console.log(`it ${movements[held.y[k] ?? 0]}; while watching, every 8 frames: ${shown}`);
}
