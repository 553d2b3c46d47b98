/**
 * Causal Transformer: key and value pairs go by, then keys come back and want their values. A block of a Transformer
 * looks back at the pair that has the key; an LSTM of as many weights has to keep all pairs in its state.
 */
import {
  adam,
  add,
  cosineDecay,
  dense,
  functional,
  input,
  layerNormalization,
  lstm,
  multiHeadAttention,
  ragged,
  setDevice,
  setSeed,
  sparseCategoricalCrossentropy,
} from "unroll-rnn";
import { associativeRecall } from "../../src/work/data/generators.ts";

const settings = { train: 2000, held: 200, pairs: 8, batchSize: 16, seed: 1 };
/** Each at a rate of its own; the LSTM reads everything five times as often. */
const LSTM = { epochs: 30, initialLearningRate: 0.01 };
const transformer = { epochs: 6, initialLearningRate: 0.005 };
const [keys, values] = [24, 8];
const [width, units] = [32, 35]; // of the Transformer and of the LSTM: as many weights
const pairs = [2, 4, 8, 12];

setDevice("wasm", { strict: true, threads: 1 }); // small models; the same numbers on every machine

function transformerBlock() {
  const x = input({ shape: [null, keys + values] });
  const begin = dense({ units: width })(x); // no positionalEncoding: the order of the pairs does not matter
  const normal = layerNormalization()(begin);
  const looked = add(begin, multiHeadAttention({ numHeads: 2, keyDim: 16, causal: true })([normal, normal]));
  const wide = dense({ units: 2 * width, activation: "gelu" })(layerNormalization()(looked));
  const out = layerNormalization()(add(looked, dense({ units: width })(wide)));
  return functional({ inputs: x, outputs: dense({ units: values + 1 })(out) });
}
function recurrentNetwork() {
  const x = input({ shape: [null, keys + values] });
  const h = lstm({ units, returnSequences: true })(x);
  return functional({ inputs: x, outputs: dense({ units: values + 1 })(h) });
}

const { batchSize, seed } = settings;
const train = associativeRecall({ count: settings.train, pairs: settings.pairs, from: 1, seed: 1 });
const held = pairs.map((many) => associativeRecall({ count: settings.held, pairs: many, seed: 2 }));

/** How often it is right to say the value that has been seen most often in a sequence. */
function mostOften({ x }: (typeof held)[number]): number {
  const shares = x.map((steps) => {
    const told = steps.map((step) => step.indexOf(1, keys) - keys).filter((value) => value >= 0);
    const often = (value: number): number => told.filter((other) => other === value).length;
    return Math.max(...told.map(often)) / told.length;
  });
  return shares.reduce((sum, share) => sum + share, 0) / x.length;
}
async function learn(model: ReturnType<typeof recurrentNetwork>, pace: typeof LSTM): Promise<void> {
  const { epochs, initialLearningRate } = pace;
  const decaySteps = epochs * Math.ceil(settings.train / batchSize);
  model.compile({
    optimizer: adam({ learningRate: cosineDecay({ initialLearningRate, decaySteps }), globalClipNorm: 1 }),
    loss: sparseCategoricalCrossentropy({ fromLogits: true, ignoreClass: values }), // a step that asks nothing
    metrics: ["accuracy"],
  });
  await model.fit(ragged(train.x), ragged(train.y, "int32"), { epochs, batchSize, seed, verbose: 0 });
}
const line = (title: string, shares: readonly number[]): void =>
  console.log(title.padEnd(36) + shares.map((share) => `${(100 * share).toFixed(1)} %`.padStart(9)).join(""));
console.log(`values recalled, one of ${values}, after training with 1 to ${settings.pairs} pairs`);
console.log("pairs".padEnd(36) + pairs.map((count) => `${count}`.padStart(9)).join(""));
line("the value seen most often", held.map(mostOften));

setSeed(seed);
const [network, block] = [recurrentNetwork(), transformerBlock()];
await learn(network, LSTM);
await learn(block, transformer);
for (const [name, model] of Object.entries({ LSTM: network, "Transformer block": block })) {
  const shares: number[] = [];
  for (const { x, y } of held) shares.push((await model.evaluate(x, y))["accuracy"] ?? 0);
  line(`${name}, ${model.weights.reduce((sum, { data }) => sum + data.length, 0)} weights`, shares);
}

/** Step by step: a session keeps what the block has looked at, and says what predict says. */
const [sequence = [], labels = []] = [held[1]?.x[3], held[1]?.y[3]];
const [whole = []] = (await block.predict([sequence])).toArray() as number[][][];
const session = block.session({ maxSteps: sequence.length });
let same = true;
console.log("\none step after the other");
sequence.forEach((step, t) => {
  const scores = session.push(step);
  same &&= scores.every((score, k) => score === whole[t]?.[k]);
  const [key, said] = [step.indexOf(1), scores.indexOf(Math.max(...scores))];
  const is = labels[t] === values ? `is ${step.indexOf(1, keys) - keys}` : `?  ${said}`;
  console.log(`  key ${`${key}`.padStart(2)} ${is}`);
});
console.log(`what the session says has ${same ? "" : "not "}the bits of predict`);
