/** ONNX Runtime for Node as a peer: forward passes and single steps. `node onnx.js THREADS` */

import { answer, Cannot, dot, peerModule, type Ready, timeFirst, type Work } from "./answer.ts";
import { pushes } from "./jobs.ts";
import { type OnnxCell, onnxModel } from "./onnxModel.ts";

/** What is used of it. */
interface Tensor {
  readonly data: Float32Array;
}
type Feeds = Readonly<Record<string, Tensor>>;
interface InferenceSession {
  run(feeds: Feeds): Promise<Feeds>;
}
interface Runtime {
  readonly env: { readonly versions: { readonly common: string } };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => Tensor;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<InferenceSession> };
}

/** ONNX's order of our gates: LSTM i, o, f, c of ours i, f, g, o; GRU z, r, h as ours. */
const orders: Readonly<Record<OnnxCell, readonly number[]>> = {
  LSTM: [0, 3, 1, 2],
  GRU: [0, 1, 2],
  RNN: [0],
};

const threads = Number(process.argv[2]);
const { default: runtime } = await peerModule<{ readonly default: Runtime }>("onnxruntime-node");

async function prepare(work: Work): Promise<Ready> {
  const { cell, features, units, gates, what } = work;
  if (cell === "own" || what === "training")
    throw new Cannot("it runs the layers of ONNX, and does not train");
  const model = onnxModel({ cell, features, units, gates }, weightsOf(work, cell));
  const options = { intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: "sequential" };
  const session = await runtime.InferenceSession.create(model, options);
  return what === "forward" ? forward(session, work) : step(session, work);
}

const statesOf = ({ cell, batch, units }: Work): Feeds => {
  const zeros = new runtime.Tensor("float32", new Float32Array(batch * units), [1, batch, units]);
  return cell === "LSTM" ? { h: zeros, c: zeros } : { h: zeros };
};

async function forward(session: InferenceSession, work: Work): Promise<Ready> {
  const { x, batch, steps, features, units, upstream } = work;
  const X = new runtime.Tensor("float32", timeFirst(x, batch, features), [steps, batch, features]);
  const feeds = { X, ...statesOf(work) };
  const { Y } = await session.run(feeds);
  const sums = [dot((Y as Tensor).data, timeFirst(upstream, batch, units))];
  return { sums, setting: "sequential", run: () => session.run(feeds) };
}

async function step(session: InferenceSession, work: Work): Promise<Ready> {
  const { x, features, upstream } = work;
  const xs = Array.from({ length: x.length / features }, (_, t) => {
    const values = x.slice(t * features, (t + 1) * features);
    return new runtime.Tensor("float32", values, [1, 1, features]);
  });
  let states = statesOf(work);
  const push = async (t: number): Promise<void> => {
    const { h_last: h, c_last: c } = await session.run({ X: xs[t % xs.length] as Tensor, ...states });
    states = { h: h as Tensor, c: c as Tensor };
  };
  const sums: number[] = [];
  for (let t = 0; t < xs.length; t++) {
    await push(t);
    sums.push(dot((states["h"] as Tensor).data, upstream));
  }
  const run = async (): Promise<void> => {
    for (let t = 0; t < pushes; t++) await push(t);
  };
  return { sums, setting: "sequential", run };
}

function weightsOf({ weights: [kernel, recurrent, bias], features, units, gates }: Work, cell: OnnxCell) {
  const order = orders[cell];
  const size = gates * units;
  const B = new Float32Array(2 * size);
  for (let k = 0; k * size < bias.length; k++) {
    const row = bias.subarray(k * size, (k + 1) * size);
    order.forEach((gate, g) => B.set(row.subarray(gate * units, (gate + 1) * units), k * size + g * units));
  }
  const turned = (weight: Float32Array, width: number): Float32Array => {
    const rows = new Float32Array(weight.length);
    order.forEach((gate, g) => {
      for (let u = 0; u < units; u++)
        for (let k = 0; k < width; k++)
          rows[(g * units + u) * width + k] = weight[k * size + gate * units + u] ?? 0;
    });
    return rows;
  };
  return { W: turned(kernel, features), R: turned(recurrent, units), B };
}

await answer(runtime.env.versions.common, prepare);
