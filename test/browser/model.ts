/** A training that Node and the pages make alike, by the public names: which of two words comes more often. */
import { adam, dense, dropout, embedding, lstm, sequential, setDevice, setSeed } from "unroll-rnn";

export interface Fitted {
  readonly losses: readonly number[];
  readonly weights: readonly Float32Array[];
  readonly prediction: Float32Array;
  /** What a session says after each word of the first sequence. */
  readonly session: readonly Float32Array[];
}

export async function fitModel(options: { readonly strict: boolean }): Promise<Fitted> {
  setDevice("wasm", options);
  setSeed(1);
  const { x, y } = reviews(96);
  const model = sequential(
    embedding({ inputDim: 8, outputDim: 8 }),
    lstm({ units: 16 }),
    dropout({ rate: 0.1 }),
    dense({ units: 1, activation: "sigmoid" }),
  );
  model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: "binaryCrossentropy" });
  const { history } = await model.fit(x, y, { epochs: 8, batchSize: 16, seed: 1, verbose: 0 });
  const { data } = await model.predict(x);
  const weights = model.getWeights().map((weight) => Float32Array.from(weight.data));
  const stream = model.session();
  const session = (x[0] ?? []).map((word) => Float32Array.from(stream.push(word)));
  return { losses: history["loss"] ?? [], weights, prediction: Float32Array.from(data), session };
}

/** Sequences of 5 to 24 words out of 8; 1 where word 1 comes more often than word 2. */
function reviews(count: number): { readonly x: number[][]; readonly y: number[][] } {
  let state = 1;
  const draw = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const x = Array.from({ length: count }, () => Array.from({ length: 5 + draw(20) }, () => draw(8)));
  const times = (words: readonly number[], word: number): number =>
    words.filter((own) => own === word).length;
  return { x, y: x.map((words) => [times(words, 1) > times(words, 2) ? 1 : 0]) };
}
