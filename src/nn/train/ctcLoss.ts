/**
 * Connectionist temporal classification (Graves, Fernandez, Gomez, Schmidhuber 2006): the probability of labels is that
 * of all paths that stand for them, a class at every frame, once repeats are one and blanks are gone.
 *
 *   blank[i]   paths so far that have said i labels and end in the blank        i = 0 .. n
 *   label[i]   paths so far that have said i + 1 labels and end in the last     i = 0 .. n - 1
 *
 *   blank'[i] = (blank[i] + label[i - 1]) p[blank]
 *   label'[i] = (label[i] + blank[i] + label[i - 1] where y[i] is not y[i - 1]) p[y[i]]
 *
 * All of it on logarithms. At each frame the largest becomes 0, and what was taken off goes into the loss at once:
 * numbers stay as small as the loss of a frame, however many frames there are.
 */
import { zeros } from "../../core/graph/build.ts";
import { type Node, rows } from "../../core/graph/nodes.ts";
import * as operators from "../../core/graph/operators.ts";
import { widthOf } from "../../core/graph/shapes.ts";
import { folded } from "../layers/fold.ts";
import { countsOf, type Value } from "../layers/layer.ts";
import { impossible } from "../layers/pathLoss.ts";
import { logSumExp } from "../logSumExp.ts";
import { softmaxLogits } from "./losses.ts";

const { add, broadcast, concat, equal, exp, greater, iota, log, logSoftmax, max, maximum, mul } = operators;
const { reshape, slice, stopGradient, sub, sum, where } = operators;

/**
 * `[rows, 1]` from logits `[time, rows, classes]` and labels `[rows, n]`, -1 behind the last of each row. Frames that a
 * mask takes out are passed over. Labels for which the frames do not suffice must not come here: see labels.ts.
 */
export function ctcLoss(frames: Value, labels: Node, blank: number): Node {
  const size = widthOf(labels);
  const scores = logSoftmax(softmaxLogits(frames.node) ?? frames.node);
  const follows = mayFollow(labels);
  const { inBlank, inLabel, loss } = folded(frames, {
    counts: countsOf(frames),
    initial: { inBlank: logOneHot(size + 1, 0), inLabel: nothing([rows, size]), loss: zeros([rows, 1]) },
    sequences: { ofBlank: slice(scores, blank, 1), ofLabels: scoresOf(labels, scores) },
    next: (paths, frame) => step(paths, frame, follows),
  });
  const said = sum(greater(labels, -0.5));
  const ends = [
    where(equal(iota(size + 1), said), inBlank, impossible),
    where(equal(iota(size), sub(said, 1)), inLabel, impossible),
  ];
  return sub(loss, logSumExp(concat(...ends)));
}

const nothing = (shape: Node["shape"]): Node => broadcast(operators.nodeOf(impossible), shape);
const logOneHot = (size: number, place: number): Node =>
  broadcast(where(equal(iota(size), place), 0, impossible), [rows, size]);

/** Logarithms of what the paths so far are worth, and what was taken off them. */
interface Paths {
  readonly inBlank: Node;
  readonly inLabel: Node;
  readonly loss: Node;
}
/** Logarithms of the probabilities of a frame. */
interface Frame {
  readonly ofBlank: Node;
  readonly ofLabels: Node;
}

/** One frame on. */
function step({ inBlank, inLabel, loss }: Paths, { ofBlank, ofLabels }: Frame, follows: Node): Paths {
  const before = shifted(inLabel, nothing([rows, 1]));
  const size = widthOf(inLabel);
  const nextBlank = add(logSum(inBlank, concat(nothing([rows, 1]), inLabel)), ofBlank);
  const skipped = where(follows, before, impossible);
  const nextLabel = add(logSum(inLabel, slice(inBlank, 0, size), skipped), ofLabels);
  const largest = stopGradient(maximum(max(nextBlank), max(nextLabel)));
  return { inBlank: sub(nextBlank, largest), inLabel: sub(nextLabel, largest), loss: sub(loss, largest) };
}

/** 1 where a label is another than the one before it: no blank has to stand between. */
function mayFollow(labels: Node): Node {
  return sub(1, equal(labels, shifted(labels, broadcast(operators.nodeOf(-1), [rows, 1]))));
}

/** Each feature where the one after it stood, `first` as the first. */
function shifted(x: Node, first: Node): Node {
  const size = widthOf(x);
  return size === 1 ? first : concat(first, slice(x, 0, size - 1));
}

/** The score of the class of each label at every frame: `[time, rows, n]`; impossible behind the last label. */
function scoresOf(labels: Node, scores: Node): Node {
  const [size, classes] = [widthOf(labels), widthOf(scores)];
  const hot = equal(reshape(labels, [rows, size, 1]), iota(classes));
  const [time, batch] = scores.shape as readonly [Node["shape"][number], Node["shape"][number]];
  const each = sum(mul(hot, reshape(scores, [time, batch, 1, classes])));
  return add(reshape(each, [time, batch, size]), where(greater(labels, -0.5), 0, impossible));
}

/** log (e^a + e^b + ...), element by element. */
function logSum(...terms: readonly Node[]): Node {
  const largest = stopGradient(terms.reduce((a, b) => maximum(a, b)));
  const powers = terms.map((term) => exp(sub(term, largest)));
  return add(largest, log(powers.reduce((a, b) => add(a, b))));
}
