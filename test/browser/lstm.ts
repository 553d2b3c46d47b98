/** A training that Node and the pages make alike: an LSTM with a dense layer, from the graph up, on any device. */
import { differentiate } from "../../src/core/grad/gradients.ts";
import { outputOf, parameter, scan, zeros } from "../../src/core/graph/build.ts";
import type { Node } from "../../src/core/graph/nodes.ts";
import {
  add,
  logSoftmax,
  matmul,
  mul,
  neg,
  oneHot,
  sigmoid,
  split,
  sub,
  sum,
  sumLeading,
  tanh,
} from "../../src/core/graph/operators.ts";
import { simplify } from "../../src/core/plan/simplify.ts";
import type { Batch, Computation, Device, Update } from "../../src/core/run/device.ts";
import { draws } from "../draws.ts";

const [features, units, classes, steps, rows] = [8, 32, 4, 30, 40];

/** The loss of every step, and its gradients. */
export function lstmLoss(): Computation {
  const x = parameter("x", ["time", "rows", features]);
  const labels = parameter("labels", ["time", "rows"], "int32");
  const lengths = parameter("lengths", ["rows"], "int32");
  const kernel = parameter("kernel", [features, 4 * units]);
  const recurrentKernel = parameter("recurrentKernel", [units, 4 * units]);
  const bias = parameter("bias", [4 * units]);
  const dense = parameter("dense", [units, classes]);
  const slice = parameter("slice", ["rows", features]);
  const h = parameter("h", ["rows", units]);
  const c = parameter("c", ["rows", units]);
  const [i, f, g, o] = split(add(matmul(slice, kernel), bias, matmul(h, recurrentKernel)), 4) as Four;
  const next = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
  const output = mul(sigmoid(o), tanh(next));
  const unrolled = scan({
    lengths,
    initial: [zeros(h.shape), zeros(c.shape)],
    sequences: [x],
    time: "time",
    reverse: false,
    body: { carried: [h, c], sequences: [slice], next: [output, next], stacked: [output], summed: [] },
  });
  const scores = logSoftmax(matmul(outputOf(unrolled, "stacked", 0), dense));
  const loss = sumLeading(neg(sum(mul(oneHot(labels, classes), scores))), 2);
  const wrt = [kernel, recurrentKernel, bias, dense];
  const { roots, gradients } = differentiate({ roots: simplify([loss]), wrt });
  return { inputs: [x, labels], lengths: { time: lengths }, weights: wrt, outputs: roots, gradients };
}
type Four = [Node, Node, Node, Node];

/** Momentum: v' = 0.9 v + g, w' = w - rate v'. */
export function momentum(): Update {
  const [weight, gradient, velocity, rate] = ["w", "g", "v", "rate"].map((name) => parameter(name, []));
  if (!weight || !gradient || !velocity || !rate) throw new Error("four parameters");
  const next = add(mul(velocity, 0.9), gradient);
  return {
    weight,
    gradient,
    slots: [velocity],
    scalars: [rate],
    nextWeight: sub(weight, mul(rate, next)),
    nextSlots: [next],
  };
}

/** Sequences of numbers, each labelled by where its largest of the first four stood a step before. */
export function lstmBatch(): Batch {
  const x = numbers(rows * steps * features, 1);
  const labels = Int32Array.from({ length: rows * steps }, (_, k) => {
    const from = k % steps === 0 ? k : k - 1;
    const own = x.subarray(from * features, from * features + classes);
    return own.indexOf(Math.max(...own));
  });
  return { rows, times: { time: steps }, inputs: [x, labels] };
}

export function lstmWeights({ weights }: Computation): readonly Float32Array[] {
  return weights.map(({ shape }, k) => {
    const size = (shape as readonly number[]).reduce((count, dim) => count * dim, 1);
    return numbers(size, k + 2).map((value) => value / 4);
  });
}

/** Numbers in [-1, 1), the same everywhere. */
function numbers(count: number, start: number): Float32Array {
  return Float32Array.from({ length: count }, draws(start));
}

export interface Trained {
  readonly weights: readonly Float32Array[];
  /** The mean loss of each optimizer step. */
  readonly losses: readonly number[];
  /** What the trained weights make of the batch, and the same at once. */
  readonly run: readonly Float32Array[];
  readonly runNow: () => readonly Float32Array[];
}

export async function trainLstm(device: Device, optimizerSteps = 20): Promise<Trained> {
  const computation = lstmLoss();
  const batch = lstmBatch();
  const trainer = device.train(computation, computation.weights.map(momentum));
  const first = lstmWeights(computation);
  trainer.write(
    first,
    first.map((weight) => [new Float32Array(weight.length)]),
  );
  const losses: number[] = [];
  for (let step = 0; step < optimizerSteps; step++) {
    const [loss] = await trainer.step(batch, (norms) => {
      const norm = Math.sqrt(norms.reduce((total, square) => total + square, 0));
      return Array.from(norms, () => [2 / Math.max(norm, rows * steps)]);
    });
    losses.push((loss?.[0] ?? Number.NaN) / (rows * steps));
  }
  const { weights } = trainer.read();
  trainer.release();
  const executable = device.compile(computation);
  const run = await executable.run(batch, weights);
  return { weights, losses, run, runNow: () => executable.runNow(batch, weights) };
}

/** A fingerprint of all bits. */
export async function hashOf(arrays: readonly Float32Array[]): Promise<string> {
  const bytes = new Uint8Array(arrays.reduce((size, array) => size + array.byteLength, 0));
  let at = 0;
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += array.byteLength;
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
