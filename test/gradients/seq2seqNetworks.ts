/** Seq2seq networks checked by central differences: sources and targets of different lengths, fed as in training. */
import type { Node } from "../../src/core/graph/nodes.ts";
import type { HostValue } from "../../src/core/run/reference.ts";
import { trace } from "../../src/nn/model/trace.ts";
import { type Design, seq2seqNetwork } from "../../src/nn/seq2seq/build.ts";
import { checkResults, integers } from "./check.ts";
import type { Faults } from "./networks.ts";

const sources = [[1, 2, 0], [3], [2, 2]];
const targets = [[1, 0], [2, 3, 1, 0], [3]];
const tokens = { startToken: 3, endToken: 0 };

export type Seq2seqCase = Pick<Design, "encoder" | "decoder"> & Partial<Pick<Design, "attention">>;

/** The gradients of all weights. Throws unless they are right. */
export function checkSeq2seq(
  { encoder, decoder, attention = "none" }: Seq2seqCase,
  { before = (roots) => roots, after = (roots) => roots, values = new Map() }: Faults = {},
): readonly (HostValue | null)[] {
  const network = seq2seqNetwork({ encoder, decoder, attention, tokens, seed: 1 });
  const bounds = { time: 4, time_2: 4 };
  const traced = trace(network, { training: false, states: "initial", bounds });
  const given = new Map<Node, HostValue>(values);
  const batches = [sources, targets];
  const steps = batches.map((rows) => Math.max(...rows.map((row) => row.length)));
  batches.forEach((rows, k) => {
    const byTime = Array.from({ length: steps[k] as number }, (_, t) => rows.map((row) => row[t] ?? 0));
    given.set(traced.inputs[k] as Node, {
      shape: [byTime.length, rows.length],
      data: Float64Array.from(byTime.flat()),
    });
    given.set(Object.values(traced.lengths)[k] as Node, integers(...rows.map((row) => row.length)));
  });
  const [last] = Object.values(traced.ends);
  const real = Array.from({ length: steps[1] as number }, (_, t) =>
    targets.map((row) => (t < row.length ? 1 : 0)),
  );
  given.set(last as Node, { shape: [real.length, targets.length, 1], data: Float64Array.from(real.flat()) });
  return checkResults({
    results: before(traced.outputs.map(({ node }) => node)),
    wrt: traced.weights,
    given,
    dims: { rows: sources.length, time: steps[0] as number, time_2: steps[1] as number },
    planted: after,
  });
}
