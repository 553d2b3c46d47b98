/**
 * Sounds from frames: what was said is known, when it was said is not. CTC learns from that alone. An LSTM that hears
 * all frames stands beside a dense layer that hears one frame at a time.
 */
import {
  adam,
  bidirectional,
  ctc,
  ctcDecode,
  dense,
  input,
  lstm,
  type Model,
  type Ragged,
  ragged,
  sequential,
  setDevice,
  setSeed,
} from "unroll-rnn";
import { editDistance, speechFrames } from "../../src/work/data/speech.ts";

const settings = {
  train: 600,
  held: 200,
  sounds: 6,
  bands: 12,
  units: 24,
  epochs: 20,
  learningRate: 0.01,
  seed: 1,
};

setDevice("wasm", { strict: true, threads: 1 }); // small models; the same numbers on every machine
setSeed(settings.seed);
const { sounds, bands } = settings;
const train = speechFrames({ count: settings.train, seed: 1, sounds, bands });
const held = speechFrames({ count: settings.held, seed: 2, sounds, bands });
const classes = sounds + 1; // one for each sound, and the blank

const models: Readonly<Record<string, Model>> = {
  "one frame at a time": sequential(
    input({ shape: [null, bands] }),
    dense({ units: settings.units, activation: "tanh" }),
    dense({ units: classes }),
  ),
  "bidirectional LSTM": sequential(
    input({ shape: [null, bands] }),
    bidirectional(lstm({ units: settings.units, returnSequences: true })),
    dense({ units: classes }),
  ) as Model,
};

/** Sounds put in, left out or replaced, for each sound that was said. */
function errors(said: readonly (readonly number[])[]): string {
  const wrong = said.reduce((sum, row, k) => sum + editDistance(row, held.y[k] ?? []), 0);
  return `${((100 * wrong) / held.y.flat().length).toFixed(1)} %`.padStart(8);
}

console.log(`${held.y.length} utterances that were not trained on: errors for each sound that was said\n`);
console.log("                       greedy  beam of 8");
const unseen = ragged(held.x);
for (const [name, model] of Object.entries(models)) {
  model.compile({ optimizer: adam({ learningRate: settings.learningRate }), loss: ctc({ blank: 0 }) });
  await model.fit(ragged(train.x), ragged(train.y, "int32"), {
    epochs: settings.epochs,
    seed: settings.seed,
    verbose: 0,
  });
  const logits = (await model.predict(unseen)) as Ragged;
  const [greedy, beam] = [ctcDecode(logits), ctcDecode(logits, { beam: 8 })];
  console.log(`${name.padEnd(20)} ${errors(greedy)}  ${errors(beam)}`);
}

const logits = (await models["bidirectional LSTM"]?.predict(unseen)) as Ragged;
const frames = logits.rows[0]?.toArray() as number[][];
const path = frames.map((row) => row.indexOf(Math.max(...row)));
console.log(`\nframe by frame  ${path.map((sound) => (sound === 0 ? "-" : sound)).join("")}`);
console.log(`decoded         ${ctcDecode(logits)[0]?.join(" ")}`);
console.log(`was said        ${held.y[0]?.join(" ")}`);
