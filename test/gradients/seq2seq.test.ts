/** Central differences of whole seq2seq networks, sources and targets of different lengths. */
import { describe, expect, test } from "vitest";
import type { Node } from "../../src/core/graph/nodes.ts";
import type { HostValue } from "../../src/core/run/reference.ts";
import { bidirectional } from "../../src/nn/layers/bidirectional.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { embedding } from "../../src/nn/layers/embedding.ts";
import { gru, lstm, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { trace } from "../../src/nn/model/trace.ts";
import { seq2seqNetwork } from "../../src/nn/seq2seq/build.ts";
import { checkResults, integers } from "./check.ts";

const sources = [[1, 2, 0], [3], [2, 2]];
const targets = [[1, 0], [2, 3, 1, 0], [3]];
const tokens = { startToken: 3, endToken: 0 };
const read = () => embedding({ inputDim: 4, outputDim: 2 });

function check(
  encoder: readonly unknown[],
  decoder: readonly unknown[],
  attention: "none" | "dot" | "additive" = "none",
): void {
  const network = seq2seqNetwork({ encoder, decoder, attention, tokens, seed: 1 });
  const bounds = { time: 4, time_2: 4 };
  const traced = trace(network, { training: false, states: "initial", bounds });
  const given = new Map<Node, HostValue>();
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
  const found = checkResults({
    results: traced.outputs.map(({ node }) => node),
    wrt: traced.weights,
    given,
    dims: { rows: sources.length, time: steps[0] as number, time_2: steps[1] as number },
  });
  // Nothing is learned by a weight that no loss reaches: the encoder's are among them.
  for (const gradient of found) expect(gradient?.data.some((x) => x !== 0)).toBe(true);
}

describe("seq2seq", () => {
  test("states as they are", () => {
    check(
      [read(), lstm({ units: 2 })],
      [read(), lstm({ units: 2, returnSequences: true }), dense({ units: 4 })],
    );
  });
  test("both directions, through dense layers, deep", () => {
    check(
      [read(), bidirectional(gru({ units: 2, returnSequences: true })), simpleRNN({ units: 2 })],
      [
        read(),
        lstm({ units: 3, returnSequences: true }),
        gru({ units: 2, returnSequences: true }),
        dense({ units: 4 }),
      ],
    );
  });
  test.each(["dot", "additive"] as const)("with %s attention, as wide and of another width", (attention) => {
    const encoder = [read(), bidirectional(gru({ units: 2, returnSequences: true }))];
    check(encoder, [read(), gru({ units: 4, returnSequences: true }), dense({ units: 4 })], attention);
    check(encoder, [read(), gru({ units: 3, returnSequences: true }), dense({ units: 4 })], attention);
  });
});
