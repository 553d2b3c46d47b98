/**
 * Delayed recall: repeat the first number of a sequence at its end, however many others follow. An LSTM carries it in a
 * cell; a plain RNN overwrites it step by step and keeps little more than its sign.
 */
import { adam, dense, input, inspect, lstm, sequential, setDevice, setSeed, simpleRNN } from "unroll-rnn";
import { delayedRecall } from "../../src/work/data/generators.ts";

const settings = { longest: 60, train: 2000, held: 500, units: 16, epochs: 20, batchSize: 20, seed: 1 };
/** Each learns best at a rate of its own. */
const rates = { simpleRNN: 0.003, LSTM: 0.01 };
const delays = [5, 20, 60, 100];

setDevice("wasm", { strict: true, threads: 1 }); // small models; the same numbers on every machine
const { units, epochs, batchSize, seed } = settings;
const models = {
  simpleRNN: () => sequential(input({ shape: [null, 2] }), simpleRNN({ units }), dense({ units: 1 })),
  LSTM: () => sequential(input({ shape: [null, 2] }), lstm({ units }), dense({ units: 1 })),
};
const train = delayedRecall({ count: settings.train, from: 1, delay: settings.longest, seed: 1 });
const held = delays.map((delay) => delayedRecall({ count: settings.held, delay, seed: 2 }));

/** How much the last output moves with the first number, the median of all sequences: 1 where it is passed on whole. */
async function sensitivity(model: ReturnType<typeof models.LSTM>, x: number[][][]): Promise<number> {
  const seen = await inspect(model, x);
  const { data } = await seen.sensitivity({ from: { input: 0, step: 0 }, to: { output: 0 } });
  const derivatives = x.map((_, row) => data[2 * row] ?? 0); // a step is a number and a mark
  return derivatives.sort((a, b) => a - b)[x.length >> 1] ?? 0;
}
const row = (title: string, values: readonly number[]): string =>
  title.padEnd(34) + values.map((value) => value.toFixed(4).padStart(9)).join("");

const variances = held.map(({ y }) => y.reduce((sum, [value = 0]) => sum + value * value, 0) / y.length);
console.log(`trained with 1 to ${settings.longest} steps in between`);
console.log(`steps in between${" ".repeat(18)}${delays.map((delay) => String(delay).padStart(9)).join("")}`);
console.log(row("mean squared error, always 0", variances));
for (const [name, make] of Object.entries(models)) {
  setSeed(seed);
  const model = make();
  const optimizer = adam({ learningRate: rates[name as keyof typeof rates], globalClipNorm: 1 });
  model.compile({ optimizer, loss: "meanSquaredError" });
  await model.fit(train.x, train.y, { epochs, batchSize, seed, verbose: 0 });
  const [errors, moves]: [number[], number[]] = [[], []];
  for (const { x, y } of held) {
    errors.push((await model.evaluate(x, y)).loss);
    moves.push(await sensitivity(model, x));
  }
  console.log(row(`mean squared error, ${name}`, errors));
  console.log(row("  derivative by the first number", moves));
}
