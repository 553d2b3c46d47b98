/**
 * Central differences of every operator of the graph and of every public one, over drawn shapes. The tables are total: an
 * operator without a check does not compile. More of them: UNROLL_DRAWN_GRADIENTS=20.
 */
import { expect, test } from "vitest";
import { make, outputOf, parameter } from "../../src/core/graph/build.ts";
import { type Node, type Operator, rows, type Shape, type Windows } from "../../src/core/graph/nodes.ts";
import * as o from "../../src/core/graph/operators.ts";
import { topological } from "../../src/core/graph/walk.ts";
import type { HostValue } from "../../src/core/run/reference.ts";
import { type OperatorName, operatorTable } from "../../src/nn/operatorTable.ts";
import { checkResults, integers } from "./check.ts";
import { type Draw, drawFor, drawnTimes } from "./draw.ts";
import { recur } from "./steps.ts";

/** Values of a drawn shape, and what belongs to it. */
interface Drawn {
  readonly draw: Draw;
  readonly width: number;
  /** `[..., width]`: rows, or steps of rows. */
  readonly x: Node;
  readonly y: Node;
  /** What `x` may be joined with: its shape, or one that is repeated to it. */
  readonly other: Node;
  /** Above 0.4. */
  readonly positive: Node;
  readonly sequence: Node;
  readonly image: Node;
  readonly lengths: Node;
  /** A row of the table for each row. */
  readonly index: Node;
  readonly table: Node;
}
interface Point {
  readonly drawn: Drawn;
  readonly given: ReadonlyMap<Node, HostValue>;
  readonly dims: Readonly<Record<string, number>>;
}

function pointFor(...parts: readonly (string | number)[]): Point {
  const draw = drawFor("operators", ...parts);
  const width = draw.whole(1, 5);
  const dims = { rows: draw.whole(1, 3), time: draw.whole(1, 4) };
  const leading: Shape = draw.oneOf([[rows], ["time", rows]]);
  const shape = [...leading, width];
  const x = parameter("x", shape);
  const [lengths, index] = [parameter("lengths", [rows], "int32"), parameter("index", [rows], "int32")];
  const each = (most: number): HostValue =>
    integers(...Array.from({ length: dims.rows }, () => draw.whole(0, most)));
  return {
    drawn: {
      draw,
      width,
      x,
      y: parameter("y", shape),
      other: parameter("other", draw.oneOf<Shape>([shape, [width], [...leading, 1], [1]])),
      positive: o.add(o.square(x), 0.4),
      sequence: parameter("sequence", ["time", rows, width]),
      image: parameter("image", [rows, draw.whole(2, 4), draw.whole(2, 4), draw.whole(1, 2)]),
      table: parameter("table", [4, width]),
      lengths,
      index,
    },
    given: new Map([
      [lengths, each(dims.time)],
      [index, each(3)],
    ]),
    dims,
  };
}

const windowsOver = ({ draw, image }: Drawn): Windows => {
  const [height, width] = image.shape.slice(1, 3).map(Number) as [number, number];
  const pair = (least: number, most: number): readonly [number, number] => [
    draw.whole(least, most),
    draw.whole(least, most),
  ];
  return {
    image: [height, width],
    window: pair(1, 2),
    dilation: pair(1, 2),
    strides: pair(1, 2),
    start: pair(-1, 0),
    count: pair(1, 2),
    outside: draw.oneOf([0, 0.5]),
  };
};
const patchesOf = ({ image }: Drawn, windows: Windows): Shape => {
  const [h, w] = windows.window;
  return [rows, ...windows.count, h * w * Number(image.shape.at(-1))];
};
const weight = (...shape: readonly number[]): Node => parameter("weight", shape);
const part = ({ draw, width }: Drawn): readonly [start: number, size: number] => {
  const start = draw.whole(0, width - 1);
  return [start, draw.whole(1, width - start)];
};

type Make = (drawn: Drawn) => Node;
/** "constant": it has no input, or none that it could change with smoothly; its results have no gradient. */
const graphOperators: { readonly [K in Operator]: Make | "constant" } = {
  parameter: ({ x }) => x,
  constant: "constant",
  iota: "constant",
  random: "constant",
  floor: "constant",
  toFloat: "constant",
  stopGradient: "constant",
  greater: "constant",
  equal: "constant",
  neg: ({ x }) => o.neg(x),
  abs: ({ x }) => o.abs(x),
  sqrt: ({ positive }) => o.sqrt(positive),
  exp: ({ x }) => o.exp(x),
  log: ({ positive }) => o.log(positive),
  log1p: ({ positive }) => o.log1p(positive),
  tanh: ({ x }) => o.tanh(x),
  sigmoid: ({ x }) => o.sigmoid(x),
  erf: ({ x }) => o.erf(x),
  vanish: ({ x }) => o.vanish(x),
  add: ({ x, other }) => o.add(x, other),
  sub: ({ x, other, draw }) => (draw.chance(0.5) ? o.sub(x, other) : o.sub(other, x)),
  mul: ({ x, other }) => o.mul(x, other),
  div: ({ other, positive }) => o.div(other, positive),
  maximum: ({ x, other }) => o.maximum(x, other),
  minimum: ({ x, other }) => o.minimum(other, x),
  where: ({ x, y, other }) => o.where(o.greater(other, 0), x, y),
  sum: ({ x }) => o.sum(o.square(x)),
  max: ({ x }) => o.max(x),
  sumLeading: ({ x, draw }) => o.sumLeading(o.square(x), draw.whole(1, x.shape.length - 1)),
  reshape: ({ x, width }) => o.reshape(x, [...x.shape.slice(0, -1), 1, width]),
  broadcast: ({ other, x }) => o.broadcast(other, x.shape),
  transpose: ({ draw, width }) => o.transpose(weight(width, draw.whole(1, 3))),
  slice: (drawn) => o.slice(drawn.x, ...part(drawn)),
  sliceRows: (drawn) => {
    const [start, size] = part(drawn);
    return make("sliceRows", [weight(drawn.width, 2)], { start, size });
  },
  pad: ({ x, draw, width }) => {
    const start = draw.whole(0, 3);
    return make("pad", [x], { start, size: start + width + draw.whole(0, 2) });
  },
  padRows: ({ draw, width }) => {
    const start = draw.whole(0, 3);
    return make("padRows", [weight(width, 2)], { start, size: start + width + draw.whole(0, 2) });
  },
  concat: ({ x, y, draw }) => (draw.chance(0.5) ? o.concat(x, y) : o.concat(y, x, y)),
  reverse: ({ sequence, lengths }) => o.reverse(sequence, lengths),
  resample: ({ sequence, lengths, draw }) =>
    o.resample(
      sequence,
      { from: lengths, to: lengths },
      { time: "time", stride: draw.whole(1, 2), per: draw.whole(1, 2), offset: draw.whole(-1, 1) },
    ),
  sumSites: ({ image }) => o.sumSites(o.square(image)),
  maxSites: ({ image }) => o.maxSites(image),
  joinSites: ({ image }) => o.joinSites(image),
  timeToSites: ({ sequence, lengths }) => o.timeToSites(sequence, lengths, 5),
  sitesToTime: ({ sequence, lengths }) => o.sitesToTime(o.timeToSites(sequence, lengths, 4), lengths, "time"),
  patches: (drawn) => o.patches(drawn.image, windowsOver(drawn)),
  overlapAdd: (drawn) => {
    const windows = windowsOver(drawn);
    return make("overlapAdd", [parameter("patch", patchesOf(drawn, windows))], windows);
  },
  matmul: ({ x, draw, width }) => o.matmul(x, weight(width, draw.whole(1, 4))),
  affine: ({ x, draw, width }) => {
    const size = draw.whole(1, 4);
    return make("affine", [parameter("start", [size]), x, weight(width, size)], {});
  },
  contract: ({ x, y }) => make("contract", [x, o.concat(y, x)], {}),
  gather: ({ table, index }) => o.gather(table, index),
  scatterAdd: ({ index, draw }) =>
    make("scatterAdd", [index, parameter("value", [rows, draw.whole(1, 3)])], { size: 4 }),
  scan: (drawn) => recurrence(drawn, "stacked"),
  output: (drawn) => recurrence(drawn, "final"),
};

/** h' = tanh(h R + x) there or back, over the lengths of the rows. */
function recurrence({ sequence, width, lengths, draw }: Drawn, kind: "stacked" | "final"): Node {
  const kernel = weight(width, width);
  const step = ([x]: readonly Node[], [h]: readonly Node[]): { readonly next: readonly Node[] } => ({
    next: [o.tanh(o.add(o.matmul(h as Node, kernel), x as Node))],
  });
  const initial = [parameter("first", [rows, width])];
  const scan = recur({ step, initial, sequences: [sequence], lengths, reverse: draw.chance(0.5) });
  return outputOf(scan, kind, 0);
}

type Operand = (drawn: Drawn) => Node | number;
const x: Operand = (drawn) => drawn.x;
const y: Operand = (drawn) => drawn.y;
const other: Operand = (drawn) => drawn.other;
const positive: Operand = (drawn) => drawn.positive;
const one = [x];
const above = [positive];
const two = [x, other];
/** The operands of those that a cell or a model is written with. */
const publicOperators: { readonly [N in OperatorName]: readonly Operand[] | "constant" } = {
  add: [...two, y],
  sub: two,
  mul: [...two, () => 0.5],
  div: [x, positive],
  maximum: [...two, () => 0.25],
  minimum: [...two, y],
  greater: "constant",
  where: [(drawn) => o.greater(drawn.x, 0), ...two],
  neg: one,
  exp: one,
  log: above,
  sin: one,
  cos: one,
  sqrt: above,
  square: one,
  abs: one,
  tanh: one,
  sigmoid: one,
  relu: one,
  elu: one,
  gelu: one,
  silu: one,
  softplus: one,
  softsign: one,
  hardSigmoid: [(drawn) => o.mul(drawn.x, 5)],
  softmax: one,
  logSoftmax: one,
  clip: [x, () => -0.5, () => 0.6],
  sum: one,
  mean: one,
  max: one,
  matmul: [x, ({ width }) => weight(width, 3)],
  concat: [x, y],
  split: [(drawn) => o.concat(drawn.x, drawn.y), () => 2],
};

const parametersIn = (roots: readonly Node[]): readonly Node[] =>
  topological(roots).filter(({ op, dtype }) => op === "parameter" && dtype === "float32");
const times = 4 * drawnTimes;

function check(name: string, makeFrom: (drawn: Drawn) => readonly Node[]): void {
  for (let k = 0; k < times; k++) {
    const { drawn, given, dims } = pointFor(name, k);
    const results = makeFrom(drawn);
    const shapes = parametersIn(results).map(({ shape }) => `[${shape.join(", ")}]`);
    const run = (): unknown => checkResults({ results, wrt: parametersIn(results), given, dims });
    expect(run, `${name} of ${shapes.join(", ")}, ${JSON.stringify(dims)}`).not.toThrow();
  }
}

test.each(Object.entries(graphOperators).filter(([, make]) => make !== "constant"))("%s", (name, make) => {
  check(name, (drawn) => [(make as Make)(drawn)]);
});
test.each(Object.entries(publicOperators).filter(([, operands]) => operands !== "constant"))(
  "public %s",
  (name, operands) => {
    check(`public ${name}`, (drawn) => {
      const made = (operands as readonly Operand[]).map((operand) => operand(drawn));
      return [operatorTable[name as OperatorName](...made)].flat();
    });
  },
);
