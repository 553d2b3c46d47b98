/**
 * Moving shapes: the next image of a video in which two shapes go about and turn at the edge. A convolutional LSTM keeps
 * an image of what has moved where; a convolution that sees one image only cannot know which way things go.
 */
import {
  adam,
  conv2d,
  convLstm2d,
  cosineDecay,
  flatten,
  input,
  sequential,
  setDevice,
  setSeed,
  timeDistributed,
} from "unroll-rnn";
import { bouncingShapes, type Videos } from "../../src/work/data/shapes.ts";

const settings = { train: 200, held: 50, size: 12, frames: 12, filters: 8 };
const [epochs, batchSize, initialLearningRate, seed] = [14, 8, 0.02, 1];

setDevice("wasm", { strict: true, threads: 1 }); // small models; the same numbers on every machine
setSeed(seed);
const { size, frames, filters } = settings;

/** Images but the last, and what comes after each of them, as a row of pixels. */
function beforeAndAfter(videos: Videos) {
  return {
    x: videos.map((video) => video.slice(0, -1)),
    y: videos.map((video) => video.slice(1).map((image) => image.flat(2))),
  };
}
const [train, held] = [
  beforeAndAfter(bouncingShapes({ count: settings.train, size, to: frames, seed: 1 })),
  beforeAndAfter(bouncingShapes({ count: settings.held, size, to: frames, seed: 2 })),
];
const pixel = { kernelSize: 1, filters: 1, activation: "sigmoid" } as const;
const oneImage = sequential(
  input({ shape: [null, size, size, 1] }),
  timeDistributed(conv2d({ filters: 24, kernelSize: 3, padding: "same", activation: "tanh" })),
  timeDistributed(conv2d({ filters: 16, kernelSize: 3, padding: "same", activation: "tanh" })),
  timeDistributed(conv2d(pixel)),
  timeDistributed(flatten()),
);
const watcher = sequential(
  input({ shape: [null, size, size, 1] }),
  convLstm2d({ filters, kernelSize: 3, padding: "same", returnSequences: true }),
  timeDistributed(conv2d(pixel)),
  timeDistributed(flatten()),
);

/** Pixels of the next image that are said wrong, the mean of all images that come after two or more. */
function wrong(said: readonly (readonly number[][])[]): number {
  let sum = 0;
  for (const [k, video] of held.y.entries())
    for (const [t, image] of video.entries())
      if (t > 0) sum += image.filter((on, at) => on > 0.5 !== (said[k]?.[t]?.[at] ?? 0) > 0.5).length;
  return sum / (held.y.length * (frames - 2));
}
const line = (title: string, said: readonly (readonly number[][])[], weights = 0): void =>
  console.log(
    `  ${title.padEnd(32)}${wrong(said).toFixed(2).padStart(6)}${`${weights}`.padStart(9)} weights`,
  );

console.log(`pixels of the next image that are wrong, of ${size * size}, in ${settings.held} new videos`);
const dark = held.y.map((video) => video.map((image) => image.map(() => 0)));
const last = held.x.map((video) => video.map((image) => image.flat(2)));
line("no shape at all", dark);
line("the last image again", last);
const decaySteps = epochs * Math.ceil(settings.train / batchSize);
const learningRate = cosineDecay({ initialLearningRate, decaySteps });
const models: Readonly<Record<string, typeof watcher>> = {
  "convolutions of the last image": oneImage,
  ConvLSTM: watcher,
};
for (const [name, model] of Object.entries(models)) {
  model.compile({ optimizer: adam({ learningRate, globalClipNorm: 1 }), loss: "binaryCrossentropy" });
  await model.fit(train.x, train.y, { epochs, batchSize, seed, verbose: 0 });
  const said = (await model.predict(held.x)).toArray() as number[][][];
  const weights = model.weights.reduce((sum, { data }) => sum + data.length, 0);
  line(name, said, weights);
}

/** One video as it goes on, image by image: what came, and what had been said before it came. */
const session = watcher.session();
const [video = []] = held.x;
const expected = video.map((image) => [...session.push(image)]);
console.log("\nwhat came, and below it what the ConvLSTM had said would come");
for (const rows of [held.y[0] ?? [], expected])
  for (let i = -1; i < size; i++) {
    const drawn = [1, 3, 5, 7, 9].map((t) => rows[t]?.slice(i * size, (i + 1) * size) ?? []);
    console.log(i < 0 ? "" : drawn.map((row) => row.map((on) => (on > 0.5 ? "#" : ".")).join("")).join("  "));
  }
