import { describe, expect, test } from "vitest";
import { checkResults, integers, numbers } from "../../../test/gradients/check.ts";
import {
  gruCell,
  lengths,
  lstmCell,
  recur,
  result,
  type Step,
  simpleCell,
  units,
  x,
} from "../../../test/gradients/steps.ts";
import { constant, parameter, zeros } from "../graph/build.ts";
import { type Node, type NodeOf, rows } from "../graph/nodes.ts";
import {
  add,
  exp,
  greater,
  matmul,
  mul,
  square,
  stopGradient,
  sum,
  sumLeading,
  tanh,
} from "../graph/operators.ts";
import { verify } from "../graph/verify.ts";
import { topological } from "../graph/walk.ts";
import { evaluate, type HostValue } from "../run/reference.ts";
import { differentiate } from "./gradients.ts";

const total = (node: Node): Node => sumLeading(sum(node), node.shape.length - 1);
const scansIn = (roots: readonly (Node | null)[]): readonly NodeOf<"scan">[] =>
  topological(roots.filter((root) => root !== null)).filter((node) => node.op === "scan");
const namesOf = (parameters: readonly NodeOf<"parameter">[]): readonly string[] =>
  parameters.map(({ attributes }) => attributes.name);
/** The forward scan, then the backward scan, of a graph that has these two. */
function bothScans(roots: readonly (Node | null)[]): readonly [NodeOf<"scan">, NodeOf<"scan">] {
  const [forward, backward, ...others] = scansIn(roots);
  expect(others).toEqual([]);
  return [forward as NodeOf<"scan">, backward as NodeOf<"scan">];
}

describe("reverse accumulation", () => {
  const [a, b] = [parameter("a", [3]), parameter("b", [3])];
  test("a value used by several others gets the sum of what they send back", () => {
    const product = mul(a, b);
    checkResults({ results: [add(product, exp(product), a), square(product)], wrt: [a, b] });
  });
  test("a value between, and what it is made of, may both be asked for", () => {
    const between = mul(a, b);
    const { gradients } = differentiate({ roots: [square(between)], wrt: [between, a] });
    const given = new Map([
      [a, integers(1, 2, 3)],
      [b, integers(2, 2, 2)],
    ]);
    const values = evaluate(gradients as readonly Node[], given, {});
    expect(values.map(({ data }) => [...data])).toEqual([
      [4, 8, 12],
      [8, 16, 24],
    ]);
  });
  test("what the loss does not depend on has no gradient", () => {
    const other = parameter("other", [3]);
    const loss = add(a, stopGradient(b), greater(other, 0));
    const { gradients } = differentiate({ roots: [loss], wrt: [a, b, other] });
    expect(gradients.map((grad) => grad !== null)).toEqual([true, false, false]);
  });
  test("seeds are the gradients of the roots", () => {
    const seeds = [null, parameter("seed", [3])];
    const { gradients } = differentiate({ roots: [square(a), mul(a, b)], seeds, wrt: [a] });
    const given = new Map<Node, HostValue>([
      [b, integers(2, 3, 4)],
      [seeds[1] as Node, integers(1, 0, 2)],
    ]);
    expect([...(evaluate([gradients[0] as Node], given, {})[0] as HostValue).data]).toEqual([2, 0, 8]);
  });
  test("the loss itself has the gradient 1", () => {
    const loss = sum(a);
    const { gradients } = differentiate({ roots: [loss], wrt: [loss] });
    expect([...(evaluate([gradients[0] as Node], new Map(), {})[0] as HostValue).data]).toEqual([1]);
  });
});

describe("the graph after differentiation", () => {
  const { step, initial, weights } = lstmCell();

  test("loss, other results and gradients share one forward scan", () => {
    const node = recur({ step, initial });
    const others = [result(node, "stacked"), result(node, "final", 1)];
    const { roots, gradients } = differentiate({
      roots: [total(result(node, "stacked")), ...others],
      wrt: weights,
    });
    const all = [...roots, ...gradients] as readonly Node[];
    verify(all, "differentiate");
    const [forward, backward] = bothScans(all);
    expect(forward.attributes.reverse).toBe(false);
    expect(backward.attributes.reverse).toBe(true);
  });

  test("two layers have two forward and two backward scans", () => {
    const above = simpleCell(units, "2");
    const first = recur({ step, initial });
    const second = recur({ ...above, sequences: [result(first, "stacked")] });
    const loss = total(add(result(second, "stacked"), result(first, "stacked")));
    const { roots, gradients } = differentiate({
      roots: [loss, result(first, "final")],
      wrt: [...weights, ...above.weights],
    });
    const all = [...roots, ...gradients] as readonly Node[];
    verify(all, "differentiate");
    expect(scansIn(all).map(({ attributes }) => attributes.reverse)).toEqual([false, false, true, true]);
  });

  test("a scan whose gradient is not asked for stays as it is", () => {
    const node = recur({ step, initial });
    const bias = parameter("bias", [units]);
    const { roots } = differentiate({ roots: [total(add(result(node, "stacked"), bias))], wrt: [bias] });
    expect(scansIn(roots)).toEqual([node]);
  });

  test("the backward scan of an LSTM carries two deltas and sums three weights, and stacks what is asked for", () => {
    const loss = total(result(recur({ step, initial }), "stacked"));
    const ofWeights = differentiate({ roots: [loss], wrt: weights });
    const [, backward] = bothScans([...ofWeights.roots, ...ofWeights.gradients]);
    expect(namesOf(backward.attributes.body.carried)).toEqual(["delta.state0", "delta.state1"]);
    expect(backward.attributes.body.stacked).toHaveLength(0);
    expect(backward.attributes.body.summed).toHaveLength(3);

    const ofInput = differentiate({ roots: [loss], wrt: [x] });
    const [, other] = bothScans([...ofInput.roots, ...ofInput.gradients]);
    expect(other.attributes.body.stacked).toHaveLength(1);
    expect(other.attributes.body.summed).toHaveLength(0);
  });

  test("a state that nothing wanted changes, or that changes no loss, carries no delta", () => {
    const W = weights[0] as Node;
    const counting: Step = ([slice], [count, h, unused]) => {
      const gates = tanh(matmul(slice as Node, W));
      const next = mul(h as Node, tanh(count as Node), sum(gates));
      return { next: [add(count as Node, 1), next, mul(unused as Node, next)], stacked: [next] };
    };
    const [zero, one] = [zeros([rows, units]), parameter("one", [rows, units])];
    const node = recur({ step: counting, initial: [zero, one, one] });
    const { roots, gradients } = differentiate({ roots: [total(result(node, "stacked"))], wrt: [W] });
    const [, backward] = bothScans([...roots, ...gradients]);
    expect(namesOf(backward.attributes.body.carried)).toEqual(["delta.state1"]);
    const given = new Map<Node, HostValue>([
      [lengths, integers(2, 0, 4)],
      [x, numbers([4, 3, 3], 5)],
      [one, numbers([3, units], 8)],
    ]);
    checkResults({ results: [result(node, "stacked")], wrt: [W], given, dims: { rows: 3, time: 4 } });
  });
});

describe("what the forward scan keeps for the backward scan", () => {
  const keptBy = (cell: typeof lstmCell): readonly string[] => {
    const { step, initial, weights } = cell();
    const loss = total(result(recur({ step, initial }), "stacked"));
    const { roots, gradients } = differentiate({ roots: [loss], wrt: [...weights, x] });
    const [forward] = bothScans([...roots, ...gradients]);
    return forward.attributes.body.stacked
      .slice(1)
      .map((node) => node.op)
      .sort();
  };
  test("an LSTM: four gates, the tanh of the memory, and both states", () => {
    expect(keptBy(lstmCell)).toEqual([
      "parameter",
      "parameter",
      "sigmoid",
      "sigmoid",
      "sigmoid",
      "tanh",
      "tanh",
    ]);
  });
  test("a GRU: its gates, the proposal and the state; 1 - z and r h are made again", () => {
    expect(keptBy(gruCell)).toEqual(["parameter", "sigmoid", "tanh"]);
  });
  test("a simple cell: its state; the output is kept anyway", () => {
    expect(keptBy(simpleCell)).toEqual(["parameter"]);
  });
  test("a sequence is read again, not copied", () => {
    const { step, initial, weights } = simpleCell();
    const { roots, gradients } = differentiate({
      roots: [total(result(recur({ step, initial }), "stacked"))],
      wrt: weights,
    });
    const [, backward] = bothScans([...roots, ...gradients]);
    expect(backward.inputs).toContain(x);
    expect(namesOf(backward.attributes.body.sequences)).toEqual(
      expect.arrayContaining(["gradient.0", "kept.slice0", "kept.state0"]),
    );
  });
});

test("the delta of a value inside a step is the gradient of a sequence of zeros that is added to it", () => {
  const probe = parameter("probe", ["time", rows, units]);
  const [R, h0] = [parameter("R", [units, units]), parameter("h0", [rows, units])];
  const step: Step = ([added], [h]) => ({ next: [tanh(add(matmul(h as Node, R), added as Node))] });
  const node = recur({ step, initial: [h0], sequences: [probe] });
  const [delta] = differentiate({
    roots: [total(mul(result(node, "final"), constant(2)))],
    wrt: [probe],
  }).gradients;
  expect(delta?.shape).toEqual(["time", rows, units]);
});

test("within: the same of a value that the step has, without anything added; null where no scan matters", () => {
  const probe = parameter("probe", ["time", rows, units]);
  const { step: cell, initial, weights } = lstmCell();
  const node = recur({ step: cell, initial });
  const loss = total(result(node, "stacked"));
  const value = result(node, "stacked") as NodeOf<"output">;
  const { roots, within } = differentiate({ roots: [loss], wrt: weights, within: [value] });
  verify([...roots, ...within] as readonly Node[], "differentiate");

  const probed: Step = (slices, states) => {
    const { next, stacked = [] } = cell(slices.slice(0, -1), states);
    const moved = add(next[0] as Node, slices.at(-1) as Node);
    return { next: [moved, ...next.slice(1)], stacked: [moved, ...stacked.slice(1)] };
  };
  const other = recur({ step: probed, initial, sequences: [x, probe] });
  const { gradients } = differentiate({ roots: [total(result(other, "stacked"))], wrt: [probe] });
  const given = new Map<Node, HostValue>([
    [lengths, integers(2, 0, 4)],
    [x, numbers([4, 3, 3], 5)],
    [probe, { shape: [4, 3, units], data: new Float64Array(12 * units) }],
    ...weights.map((weight, k): [Node, HostValue] => [weight, numbers(weight.shape.map(Number), k + 7)]),
    ...initial.map((state, k): [Node, HostValue] => [state, numbers([3, units], k + 3)]),
  ]);
  const [found, expected] = evaluate([within[0], gradients[0]] as readonly Node[], given, {
    rows: 3,
    time: 4,
  });
  expect(found).toEqual(expected);
  expect(differentiate({ roots: [sum(x)], wrt: [], within: [value] }).within).toEqual([null]);
});
