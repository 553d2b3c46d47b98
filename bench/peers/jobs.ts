/**
 * What is compared with the peers: the same work on the same numbers. A training step is forward, backward without a
 * gradient for the input, and w - rate gradient for every weight; a forward pass gives the output of every step; a step
 * is one of one stream, its states handed on.
 */
import { longSize, type Size, sizeOf, standardSizes } from "../networks.ts";

export type PeerName = "PyTorch" | "JAX" | "ONNX Runtime" | "TensorFlow.js";
export type What = "training" | "forward" | "step";

/** Ours, so many times as fast as the peer, as the issue on speed asks. */
export interface Goal {
  readonly device: "wasm" | "native";
  readonly peer: PeerName;
  readonly times: number;
}
export interface Job {
  readonly what: What;
  readonly size: Size;
  /** Only the last output counts for the loss. */
  readonly last: boolean;
  /** The peer sets denormal numbers to zero, which is not its default. */
  readonly flush: boolean;
  readonly threads: number;
  readonly peers: readonly PeerName[];
  readonly goals: readonly Goal[];
}

/** Single pushes of a step take less than the clock can tell: a run is so many. */
export const pushes = 200;
export const stepSize: Size = sizeOf("LSTM", [64, 128, 1, 1]);

const native = (peer: PeerName, times: number): Goal => ({ device: "native", peer, times });
const wasm = (peer: PeerName, times: number): Goal => ({ device: "wasm", peer, times });

const one = { last: false, flush: false, threads: 1 } as const;

/** In the order of `standardSizes`. */
const trainingGoals: readonly (readonly Goal[])[] = [
  [native("PyTorch", 2.2), wasm("TensorFlow.js", 70)],
  [native("PyTorch", 1.4), wasm("TensorFlow.js", 25)],
  [native("PyTorch", 1.6)],
  [native("PyTorch", 1.35)],
  [native("PyTorch", 3)],
  [native("PyTorch", 3)],
  [],
];
/** TensorFlow.js takes a second for a step: the two sizes that it has goals for. */
const tensorFlowSizes = 2;

const trainingJobs: readonly Job[] = standardSizes.map((size, k): Job => {
  const peers: readonly PeerName[] =
    k < tensorFlowSizes ? ["PyTorch", "JAX", "TensorFlow.js"] : ["PyTorch", "JAX"];
  return { ...one, what: "training", size, peers, goals: trainingGoals[k] ?? [] };
});

/** Training of the sizes that are large enough for two threads; null: no goal. */
const twoThreadJobs: readonly Job[] = (
  [
    [1, 1.8],
    [2, 1.5],
    [3, 1.1],
    [4, null],
    [5, null],
  ] as const
).map(
  ([k, times]): Job => ({
    ...one,
    what: "training",
    size: standardSizes[k] as Size,
    threads: 2,
    peers: ["PyTorch", "JAX"],
    goals: times === null ? [] : [native("PyTorch", times)],
  }),
);

const ownJobs: readonly Job[] = (
  [
    [
      [64, 128, 32, 100],
      [native("PyTorch", 2.5), native("JAX", 3.5)],
    ],
    [[32, 32, 32, 100], [native("PyTorch", 11)]],
    [[8, 16, 8, 100], [native("PyTorch", 40)]],
  ] as const
).map(
  ([numbers, goals]): Job => ({
    ...one,
    what: "training",
    size: sizeOf("own", numbers),
    peers: ["PyTorch", "JAX"],
    goals,
  }),
);

const forwardJobs: readonly Job[] = standardSizes.map((size, k): Job => {
  const usual: readonly PeerName[] = ["PyTorch", "JAX", "ONNX Runtime"];
  return {
    ...one,
    what: "forward",
    size,
    peers: k < tensorFlowSizes ? [...usual, "TensorFlow.js"] : usual,
    goals: [native("PyTorch", 1.3), native("ONNX Runtime", 1)],
  };
});

const lastJobs: readonly Job[] = [false, true].map((flush) => ({
  ...one,
  what: "training",
  size: longSize,
  last: true,
  flush,
  peers: ["PyTorch"],
  goals: [native("PyTorch", flush ? 3 : 25)],
}));

const stepJob: Job = {
  ...one,
  what: "step",
  size: stepSize,
  peers: ["PyTorch", "ONNX Runtime"],
  goals: [native("PyTorch", 1), native("ONNX Runtime", 1), wasm("PyTorch", 1), wasm("ONNX Runtime", 1)],
};

/** All with so many threads on every side. */
export const jobsOf = (threads: number): readonly Job[] =>
  threads === 1 ? [...trainingJobs, ...forwardJobs, ...ownJobs, ...lastJobs, stepJob] : twoThreadJobs;

/** As in a table, and what `--only` looks into. */
export function describedJob({ what, last, flush }: Job): string {
  const names: Readonly<Record<What, string>> = {
    training: "training step",
    forward: "forward pass",
    step: "one streaming step",
  };
  const loss = last ? ", loss at the last step" : "";
  return `${names[what]}${loss}${flush ? ", peer flushes denormals" : ""}`;
}
