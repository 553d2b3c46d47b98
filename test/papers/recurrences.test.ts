/**
 * The layers against the papers' programs (programs.ts), in float64: outputs at every step. What is compared are
 * the same sums in another order, so they may be 1e-12 apart and no more.
 */
import { describe, expect, test } from "vitest";
import type { Node } from "../../src/core/graph/nodes.ts";
import { evaluate, type HostValue } from "../../src/core/run/reference.ts";
import { lru } from "../../src/nn/layers/lru.ts";
import { minGRU, minLSTM } from "../../src/nn/layers/minGru.ts";
import { slstm } from "../../src/nn/layers/slstm.ts";
import { sru } from "../../src/nn/layers/sru.ts";
import { numbers } from "../gradients/check.ts";
import { type Piece, prepared } from "../gradients/networks.ts";
import * as papers from "./programs.ts";

const [features, steps] = [3, 6];
const tolerance = 1e-12;

interface Run {
  readonly xs: papers.Matrix;
  readonly weights: Readonly<Record<string, HostValue>>;
  readonly outputs: readonly number[];
}

/** A layer over one sequence, with weights drawn by their place and times `scale`. */
function run(layer: Piece, width = features, scale = 1): Run {
  const { traced, values, dims } = prepared({ layers: [layer], features: width, lengths: [steps] });
  const [x] = traced.inputs as [Node];
  const named = traced.weights.map((node, k): [string, Node, HostValue] => {
    const drawn = numbers(node.shape.map(Number), 40 + k, [-scale, scale]);
    return [nameOf(node), node, drawn];
  });
  const given = new Map([...values, ...named.map(([, node, value]) => [node, value] as const)]);
  const [output] = evaluate([traced.outputs[0]!.node], given, dims);
  return {
    xs: rowsOf(values.get(x)!.data, width),
    weights: Object.fromEntries(named.map(([name, , value]) => [name, value])),
    outputs: Array.from(output!.data),
  };
}

const nameOf = (node: Node): string =>
  node.op === "parameter" ? (node.attributes.name.split("/").at(-1) ?? "") : "";
const rowsOf = (data: ArrayLike<number>, width: number): number[][] =>
  Array.from({ length: data.length / width }, (_, row) =>
    Array.from({ length: width }, (__, k) => data[row * width + k]!),
  );
/** Columns from `start` on of a weight `[in, out]` as the papers write them, `[out][in]`. */
const transposed = ({ shape, data }: HostValue, start: number, size: number): number[][] => {
  const rows = rowsOf(data, shape[1]!);
  return Array.from({ length: size }, (_, j) => rows.map((row) => row[start + j]!));
};
const part = (bias: HostValue | undefined, start: number, size: number): number[] =>
  bias ? Array.from(bias.data.slice(start, start + size)) : Array.from({ length: size }, () => 0);
const weight = ({ weights }: Run, name: string): HostValue => weights[name]!;

function expectClose(outputs: readonly number[], wanted: papers.Matrix): void {
  expect(outputs).toHaveLength(wanted.flat().length);
  wanted.flat().forEach((value, k) => {
    expect(Math.abs(outputs[k]! - value), `number ${k}: ${outputs[k]}, not ${value}`).toBeLessThan(
      tolerance * Math.max(1, Math.abs(value)),
    );
  });
}

const units = 4;
const linearOf = (made: Run, gate: number): { W: papers.Matrix; b: papers.Vector } => ({
  W: transposed(weight(made, "kernel"), gate * units, units),
  b: part(made.weights["bias"], gate * units, units),
});

describe.each(["single", "none"] as const)("with bias %s", (bias) => {
  test.each(["plain", "log"] as const)("minGRU, %s form", (form) => {
    const made = run(minGRU({ units, bias, form, returnSequences: true }), features, 3);
    expectClose(made.outputs, papers.minGru(made.xs, linearOf(made, 0), linearOf(made, 1), form));
  });
  test.each(["plain", "log"] as const)("minLSTM, %s form", (form) => {
    const made = run(minLSTM({ units, bias, form, returnSequences: true }), features, 3);
    const [i, f, h] = [linearOf(made, 0), linearOf(made, 1), linearOf(made, 2)];
    expectClose(made.outputs, papers.minLstm(made.xs, { i, f, h }, form));
  });

  const activations = { linear: (c: number) => c, tanh: Math.tanh } as const;
  describe.each([
    ["as wide as the output", units],
    ["projected", features],
  ] as const)("sru, input %s", (_, width) => {
    test.each([
      [true, "linear", 1],
      [false, "linear", Math.sqrt(3)],
      [true, "tanh", 1],
      [false, "tanh", 0.5],
    ] as const)("peephole %s, activation %s, scale %f", (peephole, activation, highwayScale) => {
      const options = { units, bias, peephole, activation, highwayScale, returnSequences: true } as const;
      const made = run(sru(options), width);
      const matrix = (k: number) => transposed(weight(made, "kernel"), k * units, units);
      const v = made.weights["recurrentKernel"];
      expect(v === undefined).toBe(!peephole);
      const program = {
        W: matrix(0),
        Wf: matrix(1),
        Wr: matrix(2),
        vf: part(v, 0, units),
        vr: part(v, units, units),
        bf: part(made.weights["bias"], 0, units),
        br: part(made.weights["bias"], units, units),
        project: width === units ? null : matrix(3),
        g: activations[activation],
        alpha: highwayScale,
      };
      expectClose(made.outputs, papers.sru(made.xs, program));
    });
  });

  describe.each([1, 2, 4])("slstm, %i heads", (heads) => {
    test.each(["sigmoid", "exp"] as const)("forget gate %s", (forgetGate) => {
      const made = run(slstm({ units, heads, bias, forgetGate, returnSequences: true }), features, 1.5);
      const size = units / heads;
      const R = rowsOf(weight(made, "recurrentKernel").data, 4 * size);
      const head = (j: number): number => Math.floor(j / size);
      // A unit sees those of its own head; the columns of a block are its gates, one beside the other.
      const gate = (k: number): papers.Gate => ({
        ...linearOf(made, k),
        R: Array.from({ length: units }, (_, j) =>
          Array.from({ length: units }, (__, from) =>
            head(from) === head(j) ? R[from]![k * size + (j % size)]! : 0,
          ),
        ),
      });
      const [i, f, z, o] = [gate(0), gate(1), gate(2), gate(3)];
      expectClose(made.outputs, papers.slstm(made.xs, { i, f, z, o, forgetGate }));
    });
  });
});

describe.each([
  ["as wide as the output", units],
  ["of another width", features],
] as const)("lru, input %s", (_, width) => {
  test.each([units, 5])("%i complex numbers", (stateUnits) => {
    const made = run(lru({ units, stateUnits, returnSequences: true }), width);
    const complex = (name: string, outs: number) => {
      const matrix = weight(made, name);
      const [re, im] = [transposed(matrix, 0, outs), transposed(matrix, outs, outs)];
      return re.map((row, j) => row.map((value, k) => ({ re: value, im: im[j]![k]! })));
    };
    const D = weight(made, "feedthrough");
    const program = {
      nuLog: part(weight(made, "nuLog"), 0, stateUnits),
      thetaLog: part(weight(made, "thetaLog"), 0, stateUnits),
      gammaLog: part(weight(made, "gammaLog"), 0, stateUnits),
      B: complex("kernel", stateUnits),
      C: complex("outputKernel", units),
      D: D.shape.length === 1 ? Array.from(D.data) : transposed(D, 0, units),
    };
    expect(D.shape).toEqual(width === units ? [units] : [features, units]);
    expectClose(made.outputs, papers.lru(made.xs, program));
  });
});

test("a program with a fault in it is told from the layer", () => {
  const made = run(minGRU({ units, returnSequences: true }), features, 3);
  const [z, h] = [linearOf(made, 0), linearOf(made, 1)];
  expect(() => expectClose(made.outputs, papers.minGru(made.xs, h, z, "plain"))).toThrow(/number 0/);
  expect(() => expectClose(made.outputs, papers.minGru(made.xs, z, h, "log"))).toThrow(/number/);
});
