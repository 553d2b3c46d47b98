/** CTC of PyTorch: the loss of each row and the gradient of their mean. */
import { readFileSync } from "node:fs";
import { differentiate } from "../../src/core/grad/gradients.ts";
import { parameter } from "../../src/core/graph/build.ts";
import { type Node, rows } from "../../src/core/graph/nodes.ts";
import { mul, sumLeading } from "../../src/core/graph/operators.ts";
import { simplify } from "../../src/core/plan/simplify.ts";
import type { Computation } from "../../src/core/run/device.ts";
import { labelColumn } from "../../src/nn/train/labels.ts";
import { ctc } from "../../src/nn/train/sequenceLosses.ts";
import { expectClose, type Tested } from "./close.ts";

export interface CtcCase {
  readonly name: string;
  readonly blank: number;
  readonly lengths: readonly number[];
  readonly labels: readonly (readonly number[])[];
  readonly logits: readonly (readonly (readonly number[])[])[];
  readonly losses: readonly number[];
  readonly gradient: CtcCase["logits"];
}
const { cases } = JSON.parse(readFileSync(new URL("ctc.json", import.meta.url), "utf8")) as {
  readonly cases: readonly CtcCase[];
};

export const ctcCases: readonly CtcCase[] = cases;

/** Throws unless losses and gradient are PyTorch's. */
export function expectCtc(
  { blank, lengths, labels, logits, losses, gradient }: CtcCase,
  { device, closeness }: Tested,
  planted: (roots: readonly Node[]) => readonly Node[] = (roots) => roots,
): void {
  const steps = logits[0]?.length ?? 0;
  const classes = logits[0]?.[0]?.length ?? 0;
  const said = labelColumn(labels, { classes, blank, lengths: (row) => lengths[row] ?? 0 }, "labels");
  const ends = {
    lengths: parameter("lengths", [rows], "int32"),
    logits: parameter("logits", ["time", rows, classes]),
    labels: parameter("labels", [rows, said.size]),
  };
  const value = { node: ends.logits, time: "time", lengths: ends.lengths, mask: null };
  const [each] = planted([ctc({ blank }).perSequence(value, ends.labels)]) as [Node];
  const mean = mul(sumLeading(each, 1), 1 / lengths.length);
  const { roots, gradients } = differentiate({ roots: simplify([mean, each]), wrt: [ends.logits] });
  const computation: Computation = {
    inputs: [ends.logits, ends.labels],
    lengths: { time: ends.lengths },
    weights: [],
    outputs: [roots[1] as Node, gradients[0] as Node],
    gradients: [],
  };
  const batch = {
    rows: lengths.length,
    times: { time: steps },
    lengths: { time: Int32Array.from(lengths) },
    inputs: [
      Float32Array.from(logits.flat(2)),
      Float32Array.from(labels.flatMap((_, row) => [...said.row(row)])),
    ],
  };
  const [found = [], slope = []] = device.compile(computation).runNow(batch, []);
  const units = said.size;
  const close = closeness({ features: classes, units, classes, steps, rows: lengths.length, layers: 1 });
  expectClose([...found], losses, "losses", close);
  expectClose([...slope], gradient.flat(2), "gradient", close);
}
