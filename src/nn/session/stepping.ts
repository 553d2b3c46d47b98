/**
 * A network as a function of one step: whatever a scan carries from step to step is given from outside and comes back.
 *
 *   predict    y[1..T] = scan(first states, x[1..T])
 *   stepping   y, states' = scan(states, x)             the same scan with T = 1, so the same bits
 *
 * Besides the states of cells a scan may carry the output before a masked step, or whether the first step has been.
 */
import { outputOf, parameter, partsOf, scan } from "../../core/graph/build.ts";
import type { Node, NodeOf } from "../../core/graph/nodes.ts";
import { rewrite } from "../../core/graph/rewrite.ts";
import { resultsOf, topological, withResults } from "../../core/graph/walk.ts";
import type { Computation, Device, Executable } from "../../core/run/device.ts";
import { keyOf } from "../../core/run/random.ts";
import { referenceDevice } from "../../core/run/referenceDevice.ts";
import { counterName } from "../layers/steps.ts";
import { looksAtSteps } from "../model/bounds.ts";
import { type End, type Network, once } from "../model/network.ts";
import { type Traced, trace } from "../model/trace.ts";

export interface Stepping {
  /** Given the inputs of the network and the states; gives the outputs of the network and the next states. */
  readonly computation: Computation;
  readonly executables: WeakMap<Device, Executable>;
  /** The outputs of the network, as nodes. */
  readonly outputs: readonly Node[];
  /** The state that counts steps, by number, and how many there can be; null where there is no limit. */
  readonly limit: Limit | null;
  /** The states before the first step, of one row. */
  readonly first: (weights: readonly Float32Array[]) => readonly Float32Array[];
}

/** Steps that a session of a network with attention has room for, unless told. */
export const usualSteps = 512;

export interface Limit {
  readonly maxSteps: number;
  readonly counter: number;
}

/** Made once for each network, and for each bound of steps where layers keep all that they have seen. */
export function steppingOf(network: Network, maxSteps: number = usualSteps): Stepping {
  const limited = looksAtSteps(network);
  return once(network, limited ? `stepping ${maxSteps}` : "stepping", () => {
    const bounds = { time: maxSteps };
    const traced = trace(inOneTime(network), { training: false, states: "initial", stepping: true, bounds });
    const outputs = traced.outputs.map(({ node }) => node);
    const carried = carriedOf(outputs);
    const { inputs, lengths, weights } = traced;
    return {
      computation: {
        inputs: [...inputs, ...carried.states.map(({ given }) => given)],
        lengths,
        weights,
        outputs: [...carried.outputs, ...carried.states.map(({ next }) => next)],
        gradients: [],
      },
      executables: new WeakMap(),
      outputs,
      limit: limited ? { maxSteps, counter: carried.states.findIndex(isCounter) } : null,
      first: (values) => firstStates(network, traced, carried.states, values),
    };
  });
}

/** All inputs go step by step together, those of a fixed number of steps too. */
function inOneTime(network: Network): Network {
  const together = (end: End): End => (end.time === null ? end : { ...end, time: "time" });
  return { ...network, inputs: network.inputs.map(together), times: ["time"] };
}

const isCounter = ({ name }: State): boolean => name === counterName;

/** What one scan carries. */
export interface State {
  readonly name: string;
  /** Where the scan begins in a whole sequence, `[rows, ...]`. */
  readonly initial: Node;
  readonly given: NodeOf<"parameter">;
  readonly next: Node;
}

/** `roots` with the first states of all their scans as parameters. */
export function carriedOf(roots: readonly Node[]): {
  readonly outputs: readonly Node[];
  readonly states: readonly State[];
} {
  const done = new Map<Node, Node>();
  const renewed = (nodes: readonly Node[]): readonly Node[] => rewrite(nodes, (node) => node, done);
  const states: State[] = [];
  for (const node of topological(roots)) {
    if (node.op !== "scan") continue;
    const parts = partsOf({ ...node, inputs: renewed(node.inputs) });
    const initial = parts.initial.map(({ shape }, k) => parameter(`state_${states.length + k}`, shape));
    const body = withResults(parts.body, renewed(resultsOf(parts.body)));
    const stepped = scan({ ...parts, initial, body });
    done.set(node, stepped);
    initial.forEach((given, k) => {
      const name = parts.body.carried[k]?.attributes.name ?? "";
      states.push({ name, initial: parts.initial[k] as Node, given, next: outputOf(stepped, "final", k) });
    });
  }
  return { outputs: renewed(roots), states };
}

/** Zeros, weights or uniform numbers: nothing that float64 would round otherwise, so the interpreter will do. */
function firstStates(
  { seed }: Network,
  { keys, weights }: Traced,
  states: readonly State[],
  values: readonly Float32Array[],
): readonly Float32Array[] {
  const outputs = states.map(({ initial }) => initial);
  const needed = new Set<Node>(topological(outputs));
  const inputs = keys.map((key) => key.parameter);
  const used = weights.flatMap((weight, k) =>
    needed.has(weight) ? [{ weight, value: values[k] as Float32Array }] : [],
  );
  const begin = { inputs, lengths: {}, weights: used.map(({ weight }) => weight), outputs, gradients: [] };
  const batch = { rows: 1, times: {}, inputs: keys.map(({ salt }) => Int32Array.from(keyOf(seed, salt, 0))) };
  return referenceDevice()
    .compile(begin)
    .runNow(
      batch,
      used.map(({ value }) => value),
    );
}
