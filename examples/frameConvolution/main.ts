/**
 * Frame convolution: which way a small shape moves. A convolution looks at each frame of a video, an LSTM at what it
 * finds, frame after frame. The mean frame shows the line along which a shape moves, but not which way.
 */
import {
  adam,
  conv2d,
  dense,
  flatten,
  input,
  lstm,
  type Model,
  maxPooling2d,
  type Nested,
  sequential,
  setDevice,
  setSeed,
  timeDistributed,
} from "unroll-rnn";
import { passingShapes, type Videos, ways } from "../../src/work/data/shapes.ts";

const settings = {
  train: 400,
  held: 200,
  size: 12,
  from: 6,
  to: 12,
  noise: 0.3,
  filters: 8,
  units: 24,
  epochs: 15,
  batchSize: 16,
  learningRate: 0.01,
  seed: 1,
};

setDevice("wasm", { strict: true, threads: 1 }); // small models; the same numbers on every machine
setSeed(settings.seed);
const { size, from, to, noise, units } = settings;
const train = passingShapes({ count: settings.train, size, from, to, noise, seed: 1 });
const held = passingShapes({ count: settings.held, size, from, to, noise, seed: 2 });

const still = sequential(
  input({ shape: [size, size, 1] }),
  flatten(),
  dense({ units, activation: "tanh" }),
  dense({ units: ways.length, activation: "softmax" }),
);
const pixels = sequential(
  input({ shape: [null, size, size, 1] }),
  timeDistributed(flatten()),
  lstm({ units }),
  dense({ units: ways.length, activation: "softmax" }),
);
const watcher = sequential(
  input({ shape: [null, size, size, 1] }),
  timeDistributed(conv2d({ filters: settings.filters, kernelSize: 3, padding: "same", activation: "relu" })),
  timeDistributed(maxPooling2d({ poolSize: 3 })),
  timeDistributed(flatten()),
  lstm({ units }),
  dense({ units: ways.length, activation: "softmax" }),
);

/** All that is left of a video without the order of its frames. */
const meanFrame = (frames: Videos[number]): Videos[number][number] =>
  (frames[0] ?? []).map((row, i) =>
    row.map((_, j) => [frames.reduce((sum, frame) => sum + (frame[i]?.[j]?.[0] ?? 0), 0) / frames.length]),
  );

console.log(`right about ${held.y.length} videos it has not been trained on, ${from} to ${to} frames`);
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`.padStart(8);
console.log(`  guessing                      ${percent(1 / ways.length)}`);
const [epochs, batchSize, seed] = [settings.epochs, settings.batchSize, settings.seed];
async function line(title: string, model: Model, x: Nested, unseen: Nested): Promise<void> {
  model.compile({
    optimizer: adam({ learningRate: settings.learningRate, globalClipNorm: 1 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  await model.fit(x, train.y, { epochs, batchSize, seed, verbose: 0 });
  const { accuracy = 0 } = await model.evaluate(unseen, held.y);
  const weights = model.weights.reduce((sum, { data }) => sum + data.length, 0);
  console.log(`  ${title.padEnd(30)}${percent(accuracy)}   ${weights} weights`);
}
await line("mean frame and dense layers", still, train.x.map(meanFrame), held.x.map(meanFrame));
await line("LSTM over pixels", pixels, train.x, held.x);
await line("convolution, LSTM over it", watcher, train.x, held.x);

/** As the videos go on: the way after each frame, from one session fed frame by frame. */
console.log();
const session = watcher.session();
for (const k of [0, 1, 2, 3]) {
  session.reset();
  const guesses = (held.x[k] ?? []).map((frame) => {
    const scores = [...session.push(frame)];
    return ways[scores.indexOf(Math.max(...scores))];
  });
  console.log(`it goes ${ways[held.y[k] ?? 0]}; while watching: ${guesses.join(" ")}`);
}
