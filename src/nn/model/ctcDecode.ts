/**
 * Labels from the frames of a network that was trained by CTC (Graves et al. 2006): a path says a label or the blank at
 * every frame, and stands for what is left of it when repeats are one and blanks are gone: a a - a b b is a a b.
 *
 *   greedy         the labels of the best path
 *   prefix beam    the best labels, their paths summed, of the `beam` prefixes kept at each frame
 *
 * The search is that of Graves 2012 and of Hannun et al. 2014, arXiv:1408.2873, without a language model, on
 * logarithms.
 */
import { exp, log1p } from "../../core/run/math.ts";
import { UnrollError } from "../../errors.ts";
import { checkOptions, whole } from "../options.ts";
import { logSoftmax, placeOfLargest } from "../scores.ts";
import { columnOf } from "./data.ts";
import type { Ragged } from "./ragged.ts";
import type { Nested, Tensor } from "./tensor.ts";

export interface CtcDecodeOptions {
  /** Prefixes kept at each frame. Default: none are, the best path is taken. */
  readonly beam?: number;
  /** The class that says nothing. Default: 0. */
  readonly blank?: number;
}

/**
 * The labels of each row of `logits`, `[batch, time, classes]` or ragged, as `predict` gives them. Throws an
 * UnrollError for other shapes and for a blank that is none of the classes.
 */
export function ctcDecode(logits: Tensor | Ragged | Nested, options: CtcDecodeOptions = {}): number[][] {
  checkOptions("ctcDecode", options, { beam: whole(1), blank: whole(0) });
  const { beam, blank = 0 } = options;
  return framesOf(logits, blank).map((frames) =>
    beam === undefined ? greedy(frames, blank) : prefixBeam(frames.map(logSoftmax), { beam, blank }),
  );
}

/** The frames of each row, all of as many classes. */
function framesOf(logits: unknown, blank: number): readonly (readonly ArrayLike<number>[])[] {
  const where = "ctcDecode(logits)";
  const asked = { axes: [null, null], dtype: "float32", time: "time" } as const;
  const { rows, lengths, row } = columnOf(logits, asked, where);
  const classesIn = (k: number): number => row(k).length / (lengths[k] ?? 0);
  const first = lengths.findIndex((steps) => steps > 0);
  const classes = first < 0 ? 0 : classesIn(first);
  if (first >= 0 && blank >= classes) throw noSuchBlank(where, blank, classes);
  return Array.from({ length: rows }, (_, k) => {
    const steps = lengths[k] ?? 0;
    if (steps > 0 && classesIn(k) !== classes)
      throw otherClasses(`${where}, row ${k}`, classes, classesIn(k));
    return Array.from({ length: steps }, (_, t) => row(k).subarray(t * classes, (t + 1) * classes));
  });
}

function greedy(frames: readonly ArrayLike<number>[], blank: number): number[] {
  const path = frames.map(placeOfLargest);
  return path.filter((label, t) => label !== blank && label !== path[t - 1]);
}

/** Labels so far, with the logarithms of the probability of all paths that stand for them. */
interface Prefix extends Ends {
  readonly before: Prefix | null;
  /** The last label; -1 where there is none. */
  readonly label: number;
  readonly longer: Map<number, Prefix>;
  /** Of all paths. */
  total: number;
}
/** Of the paths that end in the blank, and of those that end in the label. */
interface Ends {
  inBlank: number;
  inLabel: number;
}

function prefixBeam(
  frames: readonly Float64Array[],
  { beam, blank }: { readonly beam: number; readonly blank: number },
): number[] {
  let kept: readonly Prefix[] = [{ ...prefixAfter(null, -1), inBlank: 0, total: 0 }];
  for (const frame of frames) {
    const next = new Map<Prefix, Ends>();
    for (const prefix of kept) extend(prefix, { frame, blank, next });
    for (const [prefix, ends] of next) settle(prefix, ends);
    kept = [...next.keys()].sort((a, b) => b.total - a.total).slice(0, beam);
  }
  return labelsOf(kept[0] ?? null);
}

function settle(prefix: Prefix, { inBlank, inLabel }: Ends): void {
  prefix.inBlank = inBlank;
  prefix.inLabel = inLabel;
  prefix.total = logSum(inBlank, inLabel);
}

interface Frame {
  readonly frame: Float64Array;
  readonly blank: number;
  readonly next: Map<Prefix, Ends>;
}

/** Every way on from `prefix`: it stays with the blank or its last label, or becomes longer by one. */
function extend(prefix: Prefix, { frame, blank, next }: Frame): void {
  const stays = endsIn(next, prefix);
  for (let label = 0; label < frame.length; label++) {
    const score = frame[label]!;
    if (label === blank) {
      stays.inBlank = logSum(stays.inBlank, prefix.total + score);
      continue;
    }
    const repeats = label === prefix.label;
    if (repeats) stays.inLabel = logSum(stays.inLabel, prefix.inLabel + score);
    // The same label counts once more only when a blank stood between.
    const ends = endsIn(next, longer(prefix, label));
    ends.inLabel = logSum(ends.inLabel, (repeats ? prefix.inBlank : prefix.total) + score);
  }
}

function endsIn(next: Map<Prefix, Ends>, prefix: Prefix): Ends {
  const known = next.get(prefix);
  if (known !== undefined) return known;
  const ends = { inBlank: -Infinity, inLabel: -Infinity };
  next.set(prefix, ends);
  return ends;
}

function longer(prefix: Prefix, label: number): Prefix {
  const known = prefix.longer.get(label) ?? prefixAfter(prefix, label);
  prefix.longer.set(label, known);
  return known;
}

const prefixAfter = (before: Prefix | null, label: number): Prefix => ({
  before,
  label,
  longer: new Map(),
  inBlank: -Infinity,
  inLabel: -Infinity,
  total: -Infinity,
});

function labelsOf(prefix: Prefix | null): number[] {
  const labels: number[] = [];
  for (let at = prefix; at !== null && at.before !== null; at = at.before) labels.unshift(at.label);
  return labels;
}

/** log(e^a + e^b). */
function logSum(a: number, b: number): number {
  const [larger, smaller] = a < b ? [b, a] : [a, b];
  return smaller === -Infinity ? larger : larger + log1p(exp(smaller - larger));
}

function noSuchBlank(where: string, blank: number, classes: number): UnrollError {
  return new UnrollError({
    where,
    expected: `a blank from 0 to ${classes - 1}`,
    got: String(blank),
    fix: "Give the blank that the loss was told: ctc({ blank }) and ctcDecode(logits, { blank }).",
  });
}

function otherClasses(where: string, classes: number, got: number): UnrollError {
  return new UnrollError({
    where,
    expected: `${classes} classes, as in the rows before it`,
    got: String(got),
    fix: "Give every frame a number for each class.",
  });
}
