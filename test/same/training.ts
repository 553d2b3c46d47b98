/**
 * The training whose hash is compared: 200 steps of a network of two inputs and two outputs, on sequences of different
 * lengths, in another order each epoch, with dropout inside its recurrences and between its layers. By the public
 * names alone, so that Node and a page run the same file.
 */
import {
  adam,
  add,
  bidirectional,
  concat,
  conv1d,
  cosineDecay,
  dense,
  deviceInfo,
  dropout,
  embedding,
  functional,
  gaussian,
  gru,
  type History,
  input,
  layerNormalization,
  loadModel,
  lru,
  lstm,
  type Model,
  setDevice,
  setSeed,
} from "unroll-rnn";

export interface Circumstances {
  /** Strict and relaxed are of the device wasm. */
  readonly mode: "strict" | "relaxed" | "native";
  readonly threads?: number | undefined;
  /** Bytes; with fewer, values are computed again, segment by segment. */
  readonly memoryLimit?: number | undefined;
  /** Every object that is given has its keys the other way round. */
  readonly turned?: boolean | undefined;
  /** Another seed than that of the hash. */
  readonly seed?: number | undefined;
  /** Where a training that stops is kept. */
  readonly path?: string | undefined;
  /** Ends after this step and keeps what is needed to go on. */
  readonly stop?: number | undefined;
  /** Goes on with what was kept. */
  readonly resume?: boolean | undefined;
}
export interface Trained {
  /** Of the names and bits of all weights, and of the figures of every epoch. */
  readonly hash: string;
  /** The number of the last step. */
  readonly steps: number;
  readonly device: string;
}

const [rows, batchSize, epochs] = [152, 16, 20];
const [words, features, tags, longest] = [11, 3, 4, 60];
/** Eight shards of a batch: as many as there may be threads. */
const shardRows = 2;

export async function trained(circumstances: Circumstances): Promise<Trained> {
  const { mode, threads, memoryLimit, seed = 1, turned = false, path, stop, resume = false } = circumstances;
  const given = turned ? turnedRound : asItIs;
  setDevice(mode === "native" ? "native" : "wasm", {
    shardRows,
    ...(mode === "strict" && { strict: true }),
    ...(threads !== undefined && { threads }),
    ...(memoryLimit !== undefined && { memoryLimit }),
  });
  setSeed(seed);
  const model: Model = resume ? await loadModel(path ?? "") : network(given);
  const { x, y } = sentences(given);
  const ending = new AbortController();
  let steps = 0;
  const history = await model.fit(x as never, y as never, {
    ...given({ epochs, batchSize, shuffle: true, verbose: 0, signal: ending.signal } as const),
    ...(path !== undefined && { checkpoint: { path }, resume }),
    callbacks: [
      {
        onStepEnd: ({ step }) => {
          steps = step;
          if (step === stop) ending.abort();
        },
      },
    ],
  });
  return { hash: await hashOf(model, history), steps, device: (await deviceInfo()).description };
}

/** What a function makes of an object of options. */
type Given = <T extends object>(options: T) => T;
const asItIs: Given = (options) => options;
const turnedRound: Given = (options) =>
  Object.fromEntries(Object.entries(options).reverse()) as typeof options;

/** Tokens and numbers at each step; a tag for each step, and how certain a number is for each sequence. */
function network(given: Given): Model {
  const drops = { returnSequences: true, dropout: 0.1, recurrentDropout: 0.2 } as const;
  const tokens = input(given({ shape: [null], dtype: "int32" } as const));
  const numbers = input(given({ shape: [null, features] } as const));
  const looked = embedding(given({ inputDim: words, outputDim: 5 }))(tokens);
  const read = lstm(given({ units: 12, ...drops }))(concat(looked, numbers));
  const both = bidirectional(gru(given({ units: 6, ...drops })))(read);
  const near = conv1d(given({ filters: 12, kernelSize: 3, padding: "causal", activation: "gelu" } as const))(
    read,
  );
  const far = lru(given({ units: 12, stateUnits: 5, minRadius: 0.5, returnSequences: true } as const))(read);
  const kept = dropout(given({ rate: 0.1 }))(layerNormalization()(add(add(both, near), far)));
  const tag = dense(given({ units: tags, activation: "softmax" } as const))(kept);
  const amount = gaussian(given({ units: 1 }))(
    gru(given({ units: 7, activation: "softsign" } as const))(kept),
  );
  const model: Model = functional(given({ inputs: { tokens, numbers }, outputs: { tag, amount } })) as never;
  const learningRate = cosineDecay(given({ initialLearningRate: 0.01, decaySteps: 250 }));
  model.compile(
    given({
      optimizer: adam(given({ learningRate, globalClipNorm: 1, weightDecay: 0.001 })),
      loss: given({ tag: "sparseCategoricalCrossentropy", amount: "gaussianNll" }),
      metrics: given({ tag: ["accuracy"], amount: ["mae"] }),
    }) as never,
  );
  return model;
}

/** The tag of a step is that of the sum of the words so far; the amount, the largest number of all. */
function sentences(given: Given): { readonly x: object; readonly y: object } {
  const draw = draws(7);
  const lengths = Array.from({ length: rows }, () => 1 + Math.floor(draw() * longest));
  const tokens = lengths.map((length) => Array.from({ length }, () => Math.floor(draw() * words)));
  const numbers = lengths.map((length) =>
    Array.from({ length }, () => Array.from({ length: features }, () => 2 * draw() - 1)),
  );
  const tag = tokens.map((row) =>
    row.map((_, t) => row.slice(0, t + 1).reduce((sum, token) => sum + token, 0) % tags),
  );
  const amount = numbers.map((row) => [Math.max(...row.flat())]);
  return { x: given({ tokens, numbers }), y: given({ tag, amount }) };
}

/** Numbers in [0, 1), the same everywhere. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

async function hashOf(model: Model, { history }: History): Promise<string> {
  const names = [...model.weights.map(({ name }) => name), ...Object.keys(history).sort()];
  const figures = Object.keys(history).sort();
  const parts: readonly ArrayBufferView[] = [
    new TextEncoder().encode(names.join()),
    ...model.weights.map(({ data }) => data),
    ...figures.map((name) => Float64Array.from(history[name] ?? [])),
  ];
  const bytes = new Uint8Array(parts.reduce((size, { byteLength }) => size + byteLength, 0));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of parts) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
