/**
 * Targets of losses that sequences have as a whole: labels `[batch, labels]`, fewer than there are frames, as a column
 * of one width, -1 behind the last label of each row.
 */
import type { HostArray } from "../../core/run/device.ts";
import { type Column, columnOf } from "../model/data.ts";
import { refuseUnless } from "./refuse.ts";

/** What the labels have to fit. */
export interface Frames {
  readonly classes: number;
  readonly blank: number;
  /** How many frames each row has. */
  readonly lengths: (row: number) => number;
}

/** Widths are multiples of this, so that few programs serve many batches. */
const step = 8;

/**
 * Throws an UnrollError that names the row for what is no label, and for labels that the frames do not suffice for:
 * each label takes one, and a repeated label one more for the blank between.
 */
export function labelColumn(data: unknown, frames: Frames, where: string): Column {
  const { classes, blank, lengths } = frames;
  refuseUnless(blank < classes, {
    where: "ctc({ blank })",
    expected: `a class of the last layer, 0 to ${classes - 1}`,
    got: String(blank),
    fix: "Give the last layer a unit for every label and one for the blank.",
  });
  const given = columnOf(data, { axes: [null], dtype: "int32", time: "labels" }, where);
  for (let k = 0; k < given.rows; k++) {
    const labels = given.row(k) as Int32Array; // so asked
    refuseOtherLabels(labels, frames, `${where}, row ${k}`);
    refuseTooFew(labels, lengths(k), `${where}, row ${k}`);
  }
  const longest = given.lengths.reduce((most, length) => Math.max(most, length), 1);
  const size = Math.ceil(longest / step) * step;
  return {
    rows: given.rows,
    dtype: "float32",
    size,
    time: null,
    lengths: new Int32Array(given.rows).fill(1),
    ragged: false,
    row: (k) => {
      const padded = new Float32Array(size).fill(-1);
      padded.set(given.row(k));
      return padded;
    },
  };
}

function refuseOtherLabels(labels: Int32Array, { classes, blank }: Frames, where: string): void {
  const wrong = labels.find((label) => label < 0 || label >= classes || label === blank);
  refuseUnless(wrong === undefined, {
    where,
    expected: `labels from 0 to ${classes - 1} but for the blank, ${blank}`,
    got: String(wrong),
    fix: "Give each row its labels alone, ragged and without blanks; ctc({ blank }) says which class is the blank.",
  });
}

/** The same for the frames that a mask leaves, `[rows, time]`, of labels `[rows, n]`; `row` counts in the batch. */
export function refuseMasked(
  labels: HostArray,
  mask: Float32Array,
  { rows, lengths }: { readonly rows: number; readonly lengths: ArrayLike<number> | null },
): void {
  const [width, steps] = [labels.length / rows, mask.length / rows];
  for (let row = 0; row < rows; row++) {
    const frames = mask.subarray(row * steps, row * steps + (lengths?.[row] ?? steps));
    const own = labels.subarray(row * width, (row + 1) * width);
    const left = frames.filter((counts) => counts !== 0).length;
    refuseTooFew(own, left, `y, row ${row} of a batch, whose mask leaves ${left} of ${frames.length} frames`);
  }
}

/** Throws an UnrollError where no path of `frames` frames stands for the labels, `[labels]`, -1 behind the last. */
function refuseTooFew(labels: ArrayLike<number>, frames: number, where: string): void {
  const own = Array.from(labels).filter((label) => label >= 0);
  const repeats = own.filter((label, k) => k > 0 && label === own[k - 1]).length;
  refuseUnless(own.length + repeats <= frames, {
    where,
    expected: `labels that ${frames} frames can say`,
    got: `${own.length} labels${repeats > 0 ? `, ${repeats} of them repeats that need a blank between` : ""}`,
    fix: "Leave the row out, or give it more frames.",
  });
}
