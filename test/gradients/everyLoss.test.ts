/**
 * Central differences of what training minimises, for every loss with every option, over drawn shapes: masks, weights of
 * samples and classes, ragged rows, both reductions over time, an output with and without time. A loss, or an option of
 * one, without a check fails. And the penalties on weights. More of them: UNROLL_DRAWN_GRADIENTS=20.
 */
import { describe, expect, test } from "vitest";
import { parameter } from "../../src/core/graph/build.ts";
import type { Node } from "../../src/core/graph/nodes.ts";
import { abs, add, mul, square, sub, sum } from "../../src/core/graph/operators.ts";
import { evaluate, type HostValue } from "../../src/core/run/reference.ts";
import { crf } from "../../src/nn/layers/crf.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { masking } from "../../src/nn/layers/masking.ts";
import { gru } from "../../src/nn/layers/recurrent.ts";
import { counted, type TimeReduction } from "../../src/nn/train/counts.ts";
import { targetWidth } from "../../src/nn/train/loss.ts";
import { lossOf, objectiveOf } from "../../src/nn/train/objective.ts";
import { addPenaltyGradient, penaltyOf, regularized } from "../../src/nn/train/regularizers.ts";
import {
  type AnyLoss,
  anyLossNamed,
  anyLossNames,
  anyLossOptions,
  isOfSequences,
} from "../../src/nn/train/sequenceLosses.ts";
import { compareGradients, numbers } from "./check.ts";
import { type Draw, drawFor, drawnTimes } from "./draw.ts";
import { type Piece, prepared } from "./networks.ts";

interface LossDraw {
  readonly options?: Readonly<Record<string, readonly unknown[]>>;
  /** How wide a prediction is. Default: 2 to 4. */
  readonly width?: (options: Readonly<Record<string, unknown>>, draw: Draw) => number;
  /** What the last layer makes of it, where no option says logits. Default: what it is. */
  readonly activations?: readonly ("linear" | "sigmoid" | "softmax" | "hardSigmoid")[];
}
const logits = { fromLogits: [true, false] };
const lossDraws: Readonly<Record<string, LossDraw>> = {
  meanSquaredError: {},
  meanAbsoluteError: {},
  huber: { options: { delta: [0.3, 2] } },
  binaryCrossentropy: {
    options: { ...logits, labelSmoothing: [0, 0.2] },
    activations: ["sigmoid", "hardSigmoid"],
  },
  categoricalCrossentropy: {
    options: { ...logits, labelSmoothing: [0, 0.2] },
    activations: ["softmax", "hardSigmoid"],
  },
  sparseCategoricalCrossentropy: {
    options: { ...logits, ignoreClass: [null, 1] },
    activations: ["softmax", "hardSigmoid"],
  },
  gaussianNll: { width: (_, draw) => 2 * draw.whole(1, 2) },
  mixtureNll: {
    options: { components: [1, 2] },
    width: ({ components }, draw) => Number(components) * (2 * draw.whole(1, 2) + 1),
  },
  pinball: {
    options: { probabilities: [[0.5], [0.2, 0.7]] },
    width: ({ probabilities = [0.1, 0.5, 0.9] }, draw) =>
      draw.whole(1, 2) * (probabilities as number[]).length,
  },
  crf: {},
  ctc: { options: { blank: [0, 1] } },
};

type Options = Readonly<Record<string, unknown>>;
interface Case {
  readonly loss: AnyLoss;
  readonly width: number;
  readonly layers: readonly Piece[];
  readonly draw: Draw;
}

function caseOf(name: string, options: Options, draw: Draw): Case {
  const { width = () => draw.whole(2, 4), activations = ["linear"] } = lossDraws[name] ?? {};
  const units = width(options, draw);
  const activation = options["fromLogits"] === true ? "linear" : draw.oneOf(activations);
  const last = name === "crf" ? crf({ units }) : dense({ units, activation });
  const layers = [dense({ units: 2, bias: false }), gru({ units: 2, returnSequences: true }), last];
  return { loss: anyLossNamed(name, options), width: units, layers, draw };
}
/** Every value of every option, each with some of the others. */
function optionsOf(name: string, draw: Draw): readonly Options[] {
  const options = Object.entries(lossDraws[name]?.options ?? {});
  const most = Math.max(2, ...options.map(([, values]) => values.length));
  const start = draw.whole(0, most);
  return Array.from({ length: most }, (_, k) =>
    Object.fromEntries(
      options.map(([option, values], o) => [option, values[(start * o + k) % values.length]]),
    ),
  );
}

/** Throws unless the gradient of every weight is right. */
function check({ loss, width, layers, draw }: Case): void {
  const vector = !isOfSequences(loss) && draw.chance(0.25);
  // Frames must suffice for the labels of a row.
  const lengths = Array.from({ length: draw.whole(1, 3) }, () =>
    draw.whole(loss.target === "labels" ? 3 : 0, 4),
  );
  const steps = Math.max(1, ...lengths);
  const [read, remember, last] = layers as [Piece, Piece, Piece];
  const masked = !vector && loss.target !== "labels" && draw.chance(0.5);
  const network = {
    layers: vector ? [read, last] : [read, ...(masked ? [masking()] : []), remember, last],
    lengths: lengths.with(0, steps),
    vector,
    zeroAt: masked ? [[draw.whole(0, steps - 1), 0] as const] : [],
  };
  const { traced, values, dims } = prepared(network);
  const count = lengths.length;
  const given = { counts: !vector, weights: draw.chance(0.5), labels: 2 };
  const goals = [{ name: "output", loss, metrics: [] }];
  const { computation, goals: parts } = objectiveOf(
    traced,
    goals,
    [given],
    traced.weights.map(() => true),
  );
  const [{ target, scale, counts, weights }] = parts as [(typeof parts)[number]];
  traced.weights.forEach((weight, k) => values.set(weight, numbers(weight.shape.map(Number), k + 1)));

  const places = vector ? count : steps * count;
  const said = targetsOf(loss, width, { places, count, draw });
  values.set(target, {
    shape: target.shape.map((dim) => (typeof dim === "number" ? dim : (dims[dim] ?? 0))),
    data: said,
  });
  const mask = traced.outputs[0]?.mask;
  const host = {
    rows: count,
    time: vector ? null : steps,
    lengths: vector ? null : Int32Array.from(network.lengths),
    mask: mask ? byRow(evaluate([mask], values, dims)[0]?.data ?? [], steps) : null,
    target: byRow(said, vector ? 1 : steps, said.length / places),
    sampleWeight: given.weights ? Float32Array.from({ length: count }, () => draw.whole(0, 4) / 4) : null,
    classWeight:
      given.weights && loss.target === "class"
        ? new Map([
            [0, 0.5],
            [1, 2],
          ])
        : null,
  };
  const reduction = draw.oneOf<TimeReduction>(["mean", "sum"]);
  const known = isOfSequences(loss) ? null : counted(host, loss, given, reduction);
  const perStep = (data: ArrayLike<number>): HostValue =>
    vector
      ? { shape: [count, 1], data: Float64Array.from(data) }
      : { shape: [steps, count, 1], data: byTime(data, steps) };
  values.set(scale, { shape: [1], data: Float64Array.of(1 / (known?.divisor || count)) });
  const perRow = {
    shape: [count, 1],
    data: Float64Array.from({ length: count }, () => draw.whole(0, 4) / 4),
  };
  if (counts)
    values.set(counts, known?.counts ? perStep(known.counts) : { ...perRow, data: perRow.data.map(() => 1) });
  if (weights) values.set(weights, known?.weights ? perStep(known.weights) : perRow);

  const minimised = mul(computation.outputs[0] as Node, scale);
  const [whole, simplified] = evaluate([lossOf(parts), minimised], values, dims).map(
    ({ data }) => data[0] ?? 0,
  );
  expect(Math.abs((simplified ?? 0) - (whole ?? 0))).toBeLessThan(1e-12 * Math.max(1, Math.abs(whole ?? 0)));
  compareGradients({
    loss: minimised,
    again: minimised,
    wrt: traced.weights,
    gradients: computation.gradients,
    given: values,
    dims,
  });
}

interface Extent {
  readonly places: number;
  readonly count: number;
  readonly draw: Draw;
}
/** Targets that fit a loss, `[time, rows, ...]`. */
function targetsOf(loss: AnyLoss, width: number, { places, count, draw }: Extent): Float64Array {
  const whole = (length: number, least: number, most: number): Float64Array =>
    Float64Array.from({ length }, () => draw.whole(least, most));
  if (loss.target === "labels") {
    // One label for each row, and room for another.
    const other = loss.blank === 0 ? 1 : 0;
    return Float64Array.from({ length: 2 * count }, (_, k) => (k % 2 === 0 ? other : -1));
  }
  if (loss.target === "class" || isOfSequences(loss)) return whole(places, 0, width - 1);
  return numbers([places * targetWidth(loss, width)], draw.whole(1, 99), [0, 0.5]).data as Float64Array;
}

/** `[time, rows, width]` to `[rows, time, width]`. */
function byRow(data: ArrayLike<number>, steps: number, width = 1): Float32Array {
  const count = data.length / steps / width;
  return Float32Array.from({ length: data.length }, (_, k) => {
    const [row, t, f] = [Math.floor(k / (steps * width)), Math.floor(k / width) % steps, k % width];
    return data[(t * count + row) * width + f] ?? 0;
  });
}
/** The way back, of one number a step. */
const byTime = (data: ArrayLike<number>, steps: number): Float64Array => {
  const count = data.length / steps;
  return Float64Array.from(
    { length: data.length },
    (_, k) => data[(k % count) * steps + Math.floor(k / count)] ?? 0,
  );
};

test("every loss is drawn, and every option", () => {
  expect(Object.keys(lossDraws).toSorted()).toEqual(anyLossNames.toSorted());
  for (const name of anyLossNames) {
    const options = anyLossOptions(name).map((option) => option.replace("?", ""));
    expect(Object.keys(lossDraws[name]?.options ?? {}).toSorted(), name).toEqual(options.toSorted());
  }
});
test.each(anyLossNames)(
  "%s",
  (name) => {
    for (let round = 0; round < 4 * drawnTimes; round++) {
      const draw = drawFor("losses", name, round);
      for (const options of optionsOf(name, draw)) {
        const one = caseOf(name, options, draw);
        expect(() => check(one), `${name} ${JSON.stringify(options)}, round ${round}`).not.toThrow();
      }
    }
  },
  60_000 * drawnTimes,
);

describe("penalties on weights", () => {
  const weight = parameter("weight", [3, 2]);
  const value = numbers([3, 2], 3);
  test.each([
    { l1: 0.3, l2: 0 },
    { l1: 0, l2: 0.2 },
    { l1: 0.1, l2: 0.4 },
  ])("%o", (amounts) => {
    const loss = sum(add(mul(abs(weight), amounts.l1), mul(square(weight), amounts.l2)));
    const gradient = regularized(sub(weight, weight), weight, amounts);
    const given = new Map<Node, HostValue>([[weight, value]]);
    const found = compareGradients({ loss, again: loss, wrt: [weight], gradients: [gradient], given });
    const onHost = new Float32Array(6);
    addPenaltyGradient(onHost, value.data, amounts);
    onHost.forEach((x, k) => expect(x).toBeCloseTo(found[0]?.data[k] ?? Number.NaN, 6));
    const [total] = evaluate([loss], given, {});
    const whole = total?.data.reduce((a, b) => a + b, 0) ?? Number.NaN;
    expect(penaltyOf(value.data, amounts)).toBeCloseTo(whole, 12);
  });
});
