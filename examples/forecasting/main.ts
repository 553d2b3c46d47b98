/**
 * Multi-step forecasting: the next 50 numbers of the Mackey-Glass series, which is chaotic. A GRU learns to say the next
 * number; from there on it reads its own forecasts. Beside it: persistence, and a linear autoregression fed back alike.
 */
import { adam, cosineDecay, dense, flatten, gru, input, sequential, setDevice, setSeed } from "unroll-rnn";
import { mackeyGlass } from "../../src/work/data/series.ts";

const settings = {
  train: 3000,
  window: 100,
  ahead: 50,
  origins: 40,
  lags: 20,
  units: 32,
  epochs: 40,
  seed: 1,
};
const shownAt = [1, 5, 10, 20, 35, 50];

setDevice("wasm", { strict: true, threads: 1 }); // small models; the same numbers on every machine
setSeed(settings.seed);
const { train, window, ahead, lags, epochs, seed } = settings;
const raw = mackeyGlass({ length: train + window + settings.origins * ahead, seed: 1 });
const mean = raw.slice(0, train).reduce((sum, value) => sum + value, 0) / train;
const series = raw.map((value) => value - mean);

const steps = (numbers: readonly number[]): number[][] => numbers.map((value) => [value]);
/** Pieces of the part to train on, one at every `every`th number. */
const pieces = (length: number, every: number): number[][][] =>
  Array.from({ length: Math.floor((train - length) / every) + 1 }, (_, k) =>
    steps(series.slice(k * every, k * every + length)),
  );
/** The rate falls from 0.01 to a hundredth of it. */
const compiled = (rows: number) => {
  const decaySteps = epochs * Math.ceil(rows / 16);
  const learningRate = cosineDecay({ initialLearningRate: 0.01, decaySteps, alpha: 0.01 });
  return { optimizer: adam({ learningRate, globalClipNorm: 1 }), loss: "meanSquaredError" } as const;
};
const options = { epochs, batchSize: 16, seed, verbose: 0 } as const;

/** Says the next number at every step. */
const reader = gru({ units: settings.units, returnSequences: true });
const model = sequential(input({ shape: [null, 1] }), reader, dense({ units: 1 }));
const rows = pieces(window + 1, 10);
model.compile(compiled(rows.length));
const [past, next] = [rows.map((row) => row.slice(0, -1)), rows.map((row) => row.slice(1))];
await model.fit(past, next, options);

/** Says the next number from the last few, linearly. */
const linear = sequential(input({ shape: [lags, 1] }), flatten(), dense({ units: 1 }));
const taps = pieces(lags + 1, 1);
linear.compile(compiled(taps.length));
const [tapped, target] = [taps.map((row) => row.slice(0, -1)), taps.map((row) => row.at(-1) ?? [])];
await linear.fit(tapped, target, options);

/** Forecasts from every origin behind the part trained on: `[origins][ahead]`. */
const origins = Array.from({ length: settings.origins }, (_, k) => train + window + k * ahead);
const truth = origins.map((origin) => series.slice(origin, origin + ahead));
const persistence = origins.map((origin) => Array<number>(ahead).fill(series[origin - 1] ?? 0));
const before = origins.map((origin) => steps(series.slice(origin - window, origin)));
const forecasts = (await model.forecast(before, { steps: ahead })).toArray() as number[][][];
const fedBack = forecasts.map((row) => row.flat());
let known = origins.map((origin) => series.slice(origin - lags, origin));
for (let t = 0; t < ahead; t++) {
  const { data } = await linear.predict(known.map((row) => steps(row.slice(-lags))));
  known = known.map((row, k) => [...row, data[k] ?? 0]);
}

const errorAt = (forecasts: readonly number[][], t: number): number => {
  const squares = forecasts.map((row, k) => ((row[t] ?? 0) - (truth[k]?.[t] ?? 0)) ** 2);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
};
const line = (title: string, values: readonly string[]): void =>
  console.log(title.padEnd(28) + values.map((value) => value.padStart(8)).join(""));
const errors = (forecasts: readonly number[][]) => shownAt.map((t) => errorAt(forecasts, t - 1).toFixed(3));
console.log(`root mean squared error of ${origins.length} forecasts`);
line("steps ahead", shownAt.map(String));
line("persistence", errors(persistence));
line(`autoregression, ${lags} lags`, errors(known.map((row) => row.slice(lags))));
line(`GRU of ${settings.units} units`, errors(fedBack));

console.log("\nthe first forecast, every fifth number: the truth, and what the GRU says");
const everyFifth = (row: readonly number[] = []) => row.filter((_, t) => t % 5 === 0);
for (const row of [truth[0], fedBack[0]])
  console.log(
    everyFifth(row)
      .map((value) => (value + mean).toFixed(2))
      .join("  "),
  );
