/** Losses of whole sequences: the paths of a crf, the alignments of CTC; with masks, for ragged rows. */
import { parameter } from "../../src/core/graph/build.ts";
import { rows } from "../../src/core/graph/nodes.ts";
import * as o from "../../src/core/graph/operators.ts";
import type { Value } from "../../src/nn/layers/layer.ts";
import { pathLoss } from "../../src/nn/layers/pathLoss.ts";
import { ctcLoss } from "../../src/nn/train/ctcLoss.ts";
import { lengths } from "../gradients/steps.ts";
import { ints, type Program, ragged, w, x } from "./programs.ts";

/** Every third number of a mask is 0. */
const masked = { mask: Float32Array.from({ length: 30 }, (_, k) => Number(k % 3 !== 1)) };
const logits = (width: number, isMasked: boolean): Value => ({
  node: o.mul(x(width), 3),
  time: "time",
  lengths,
  mask: isMasked ? o.greater(parameter("mask", ["time", rows, 1]), 0.5) : null,
});

function crf(labels: number, isMasked = false): Program {
  const transitions = w("T", labels, labels);
  const classes = Int32Array.from({ length: 30 }, (_, k) => (k * 7) % labels);
  return {
    outputs: [pathLoss(logits(labels, isMasked), transitions, ints("classes", ["time", rows]))],
    weights: [transitions],
    inputs: { classes, ...(isMasked ? masked : {}) },
    sizes: ragged,
  };
}

/** Row 2 has no frames, and no labels; the others as many as their frames can say. */
function ctc(classes: number, width: number, isMasked = false): Program {
  const said = [[1, 2, 2], [1], [], [2, 1], [1, 1, 2]].map((row) => (isMasked ? row.slice(0, 1) : row));
  const labels = Float32Array.from(
    said.flatMap((row) => Array.from({ length: width }, (_, k) => row[k] ?? -1)),
  );
  return {
    outputs: [ctcLoss(logits(classes, isMasked), parameter("labels", [rows, width]), 0)],
    inputs: { labels, ...(isMasked ? masked : {}) },
    sizes: ragged,
  };
}

export const labelCases: Readonly<Record<string, () => Program>> = {
  "a crf of 1 label": () => crf(1),
  "a crf of 3 labels": () => crf(3),
  "a crf of 8 labels": () => crf(8),
  "a crf of 19 labels": () => crf(19),
  "a crf behind a mask": () => crf(5, true),
  "ctc of 3 classes": () => ctc(3, 3),
  "ctc of 8 classes": () => ctc(8, 8),
  "ctc of 17 classes": () => ctc(17, 16),
  "ctc behind a mask": () => ctc(3, 4, true),
};
