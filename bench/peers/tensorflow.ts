/** TensorFlow.js on its WebAssembly backend as a peer, one thread (it has no more in Node): `node tensorflow.js` */

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { answer, Cannot, dot, peerModule, type Ready, type Work } from "./answer.ts";

/** What is used of it. */
interface Tensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}
interface LayersModel {
  readonly layers: readonly { setWeights(weights: readonly Tensor[]): void }[];
  readonly optimizer: { setLearningRate?: (rate: number) => void; learningRate: number };
  compile(options: object): void;
  trainOnBatch(x: Tensor, y: Tensor): Promise<number>;
  predictOnBatch(x: Tensor): Tensor;
}
interface TensorFlow {
  readonly version: { readonly tfjs: string };
  readonly layers: Readonly<Record<"lstm" | "gru" | "simpleRNN", (options: object) => unknown>>;
  readonly train: { sgd(rate: number): unknown };
  setBackend(name: "wasm"): Promise<boolean>;
  ready(): Promise<void>;
  tensor(values: Float32Array, shape: readonly number[]): Tensor;
  sequential(options: object): LayersModel;
  sum(x: Tensor): Tensor;
  mul(a: Tensor, b: Tensor): Tensor;
}

const learningRate = 1e-7;
const tf = await peerModule<TensorFlow>("@tensorflow/tfjs");
const { setWasmPaths } = await peerModule<{ setWasmPaths(folder: string): void }>(
  "@tensorflow/tfjs-backend-wasm",
);

async function prepare(work: Work): Promise<Ready> {
  const { cell, what, last, features, units, batch, steps, gates } = work;
  if (cell !== "LSTM" || what === "step" || last)
    throw new Cannot("it is compared in whole sequences of LSTM");
  const layer = tf.layers.lstm({
    units,
    returnSequences: true,
    recurrentActivation: "sigmoid",
    inputShape: [steps, features],
  });
  const model = tf.sequential({ layers: [layer] });
  const shapes = [[features, gates * units], [units, gates * units], [gates * units]];
  model.layers[0]?.setWeights(work.weights.map((weight, k) => tf.tensor(weight, shapes[k] ?? [])));
  const x = tf.tensor(work.x, [batch, steps, features]);
  const slopes = tf.tensor(work.upstream, [batch, steps, units]);
  return what === "forward"
    ? forward(model, x, work.upstream)
    : training(model, { x, slopes, rate: work.rate });
}

async function forward(model: LayersModel, x: Tensor, upstream: Float32Array): Promise<Ready> {
  const made = model.predictOnBatch(x);
  const sums = [dot(await made.data(), upstream)];
  const run = async (): Promise<void> => {
    const output = model.predictOnBatch(x);
    await output.data();
    output.dispose();
  };
  return { sums, setting: "predictOnBatch", run };
}

async function training(
  model: LayersModel,
  { x, slopes, rate }: { readonly x: Tensor; readonly slopes: Tensor; readonly rate: number },
): Promise<Ready> {
  const loss = (upstream: Tensor, made: Tensor): Tensor => tf.sum(tf.mul(upstream, made));
  model.compile({ optimizer: tf.train.sgd(rate), loss });
  const sums: number[] = [];
  for (let k = 0; k < 3; k++) sums.push(await model.trainOnBatch(x, slopes));
  model.compile({ optimizer: tf.train.sgd(learningRate), loss });
  return { sums, setting: "trainOnBatch", run: () => model.trainOnBatch(x, slopes) };
}

const peers = createRequire(join(process.cwd(), "bench/peers/package.json"));
setWasmPaths(`${dirname(peers.resolve("@tensorflow/tfjs-backend-wasm/package.json"))}/dist/`);
await tf.setBackend("wasm");
await tf.ready();
await answer(tf.version.tfjs, prepare);
