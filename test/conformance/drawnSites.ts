/** Programs drawn at random: values with sites, over time and without, in steps and around them. */
import { make, parameter } from "../../src/core/graph/build.ts";
import type { Parameter } from "../../src/core/graph/computation.ts";
import { type Node, rows, type Shape } from "../../src/core/graph/nodes.ts";
import * as o from "../../src/core/graph/operators.ts";
import { featuresOf, sameShape, sizeOf, widthOf } from "../../src/core/graph/shapes.ts";
import { uniform } from "../../src/core/run/random.ts";
import { lengths, result } from "../gradients/steps.ts";
import type { Sizes } from "./cases.ts";
import { ints, type Program, unfold } from "./programs.ts";

const widths = [1, 1, 3, 5, 16, 17] as const;
const axes: readonly (readonly number[])[] = [[], [], [1], [2], [5], [2, 3]];
/** Numbers of a row, at most. */
const most = 96;

interface Draw {
  readonly of: <T>(list: readonly T[]) => T;
  readonly chance: (probability: number) => boolean;
  readonly weights: Parameter[];
  readonly inStep: boolean;
}
type Grow = (draw: Draw, x: Node, pool: readonly Node[]) => Node | null;

const isTimed = ({ shape }: Node): boolean => shape[0] === "time";
const leadOf = (x: Node): Shape => x.shape.slice(0, x.shape.indexOf(rows) + 1);
const sitesOf = (x: Node): readonly number[] => featuresOf(x.shape).slice(0, -1) as number[];
const numbersOf = (x: Node): number => sizeOf(featuresOf(x.shape));
const input = (draw: Draw, lead: Shape, width = draw.of(widths)): Node =>
  parameter(`input ${draw.of([..."abcdefghijklmnopqrstuvwxyz"])}${String(counter++)}`, [...lead, width]);
let counter = 0;

function weight({ weights }: Draw, ...shape: readonly number[]): Parameter {
  const made = parameter(`weight ${weights.length}`, shape);
  weights.push(made);
  return made;
}

/** A weight that repeats over the rows of `x`: for each site, for each feature, for both, for none. */
function spread(draw: Draw, x: Node): Node {
  const [sites, width] = [sitesOf(x), widthOf(x)];
  const shape = draw.of<readonly number[]>([
    [width],
    [1],
    [...sites, width],
    [...sites, 1],
    [...sites.map(() => 1), width],
  ]);
  const made = weight(draw, ...shape);
  return draw.chance(0.3) ? o.tanh(made) : made;
}

/** Another value in a shape that repeats to that of `x`, or null. */
function beside(draw: Draw, x: Node, pool: readonly Node[]): Node | null {
  let y = draw.of(pool);
  if (isTimed(y) && !isTimed(x)) return null;
  const rank = sitesOf(x).length;
  if (!sameShape(sitesOf(y), sitesOf(x))) {
    y = sitesOf(y).length === 0 ? y : o.sumSites(y);
    y = o.reshape(y, [...leadOf(y), ...Array.from({ length: rank }, () => 1), widthOf(y)]);
  }
  if (widthOf(y) === widthOf(x)) return y;
  return widthOf(y) > 1 && draw.chance(0.5) ? o.slice(y, draw.of([0, widthOf(y) - 1]), 1) : o.tanh(o.sum(y));
}

const binary: readonly ((a: Node, b: Node) => Node)[] = [
  o.add,
  o.sub,
  o.mul,
  (a, b) => o.div(a, o.add(o.square(b), 1)),
  (a, b) => o.where(o.greater(a, 0.1), b, a),
];
const unary: readonly ((x: Node) => Node)[] = [
  o.tanh,
  o.sigmoid,
  o.neg,
  o.abs,
  o.relu,
  (x) => o.exp(o.tanh(x)),
  o.softmax,
  (x) => o.tanh(o.square(x)),
];

function product(draw: Draw, x: Node): Node {
  const made = o.matmul(x, weight(draw, widthOf(x), draw.of(widths)));
  return draw.chance(0.5) ? o.add(made, spread(draw, made)) : made;
}

/** Other axes of the same numbers. */
function reshaped({ of }: Draw, x: Node): Node | null {
  const all = numbersOf(x);
  const shapes = [[all], [1, all], [all, 1], [2, all / 2], [all / 3, 3], [2, 3, all / 6], [all / 16, 16]];
  const whole = shapes.filter((shape) => shape.every(Number.isInteger));
  return o.reshape(x, [...leadOf(x), ...of(whole)]);
}

function windowed({ of, chance }: Draw, x: Node): Node | null {
  const [h, w] = sitesOf(x);
  if (h === undefined || w === undefined) return null;
  const window = [of([1, 2]), of([1, 3])] as const;
  const windows = {
    image: [h, w] as const,
    window,
    dilation: [1, of([1, 2])] as const,
    strides: [of([1, 2]), 1] as const,
    start: [of([-1, 0]), of([-1, 0])] as const,
    count: [of([1, h]), of([1, w])] as const,
    outside: chance(0.5) ? 0 : 0.5,
  };
  const seen = o.patches(x, windows);
  return chance(0.4) ? make("overlapAdd", [o.tanh(seen)], { ...windows, outside: 0 }) : seen;
}

function overTime(draw: Draw, x: Node): Node | null {
  if (draw.inStep) return null;
  const sites = sitesOf(x);
  if (!isTimed(x)) {
    const asSteps = sites.length === 1 && draw.chance(0.6);
    return asSteps ? o.sitesToTime(x, lengths, "time") : o.broadcast(x, ["time", ...x.shape]);
  }
  if (sites.length === 0 && draw.chance(0.5)) return o.timeToSites(x, lengths, draw.of([4, 6, 7]));
  if (draw.chance(0.5)) return o.reverse(x, lengths);
  // Inputs are zero behind the end of a row: what is summed over time is, too.
  const counted = parameter(`input ${String(counter++)}`, ["time", rows, ...sites.map(() => 1), 1]);
  return o.sumLeading(o.mul(x, counted), 1);
}

/** A scan with one or two states of any sites; `x` and maybe another value are its sequences. */
function scanned(draw: Draw, x: Node, pool: readonly Node[]): Node | null {
  if (draw.inStep || !isTimed(x)) return null;
  const timed = pool.filter(isTimed);
  const fixed = pool.filter((node) => !isTimed(node));
  const initial = Array.from({ length: draw.of([1, 1, 2]) }, () => input(draw, [rows, ...draw.of(axes)]));
  const made = unfold({
    sequences: draw.chance(0.4) ? [x, draw.of(timed)] : [x],
    initial,
    reverse: draw.chance(0.2),
    step: (slices, states) => {
      const given = [...slices, ...states, ...(draw.chance(0.4) ? fixed.slice(-1) : [])];
      const inside = grown({ ...draw, inStep: true }, given, draw.of([2, 4, 6]));
      const next = states.map((state) => updated(draw, state, draw.of(inside.slice(-4))));
      return { next, stacked: [draw.of([...inside.slice(-2), ...next])] };
    },
  });
  return draw.chance(0.4) ? result(made, "final") : result(made, "stacked");
}

/** The next state: some of the old one, and what was made of anything. */
function updated(draw: Draw, state: Node, made: Node): Node {
  const one = o.joinSites(sitesOf(made).length > 0 ? o.tanh(o.sumSites(made)) : made);
  const fitting = o.matmul(one, weight(draw, widthOf(one), widthOf(state)));
  const spreadOut = o.reshape(fitting, [rows, ...sitesOf(state).map(() => 1), widthOf(state)]);
  const recurrent = draw.chance(0.5) ? o.matmul(state, weight(draw, widthOf(state), widthOf(state))) : state;
  return o.tanh(o.add(o.mul(recurrent, 0.5), spreadOut));
}

const growths: readonly Grow[] = [
  ({ of }, x) => of(unary)(x),
  ({ of }, x) => of(unary)(x),
  (draw, x, pool) => {
    const y = beside(draw, x, pool);
    return y && draw.of(binary)(x, y);
  },
  (draw, x, pool) => {
    const y = beside(draw, x, pool);
    return y && draw.of(binary)(x, y);
  },
  (draw, x) => draw.of(binary)(x, spread(draw, x)),
  product,
  product,
  ({ chance }, x) => (chance(0.5) ? o.sum(x) : o.max(x)),
  ({ chance }, x) => (sitesOf(x).length === 0 ? null : chance(0.5) ? o.sumSites(x) : o.maxSites(x)),
  ({ of }, x, pool) => {
    const alike = pool.filter((y) => sameShape(y.shape.slice(0, -1), x.shape.slice(0, -1)));
    return o.concat(x, of(alike), ...(alike.length > 2 ? [of(alike)] : []));
  },
  ({ of }, x) => {
    const size = Math.ceil(widthOf(x) / of([2, 3]));
    return o.slice(x, of([0, widthOf(x) - size]), size);
  },
  reshaped,
  (_, x) => o.joinSites(x),
  windowed,
  (draw, x) => {
    const sites = draw.of(axes);
    return sitesOf(x).length > 0
      ? null
      : o.broadcast(reshapedToSites(x, sites.length), [...leadOf(x), ...sites, widthOf(x)]);
  },
  overTime,
  overTime,
  scanned,
];
const reshapedToSites = (x: Node, rank: number): Node =>
  o.reshape(x, [...leadOf(x), ...Array.from({ length: rank }, () => 1), widthOf(x)]);

function grown(draw: Draw, given: readonly Node[], count: number): readonly Node[] {
  const pool = [...given];
  for (let k = 0; k < count; k++) {
    // The newest are likelier to go on.
    const x = draw.chance(0.6) ? (pool.at(-1) as Node) : draw.of(pool);
    const made = draw.of(growths)(draw, x, pool);
    if (made !== null && numbersOf(made) <= most) pool.push(made);
  }
  return pool;
}

/** The program of a number. */
export function drawnProgram(number: number): Program {
  let index = 0;
  counter = 0;
  const next = (): number => uniform([20_261_121, number], index++);
  const draw: Draw = {
    of: (list) => list[Math.floor(next() * list.length)] as (typeof list)[number],
    chance: (probability) => next() < probability,
    weights: [],
    inStep: false,
  };
  const first = [
    input(draw, ["time", rows, ...draw.of(axes)]),
    input(draw, ["time", rows]),
    input(draw, [rows, ...draw.of(axes)]),
  ];
  const table = draw.chance(0.3) ? weight(draw, 3, draw.of(widths)) : null;
  const looked = table === null ? [] : [o.gather(table, ints("index", ["time", rows]))];
  const pool = grown(draw, [...first, ...looked], draw.of([4, 8, 12]));
  const outputs = [...new Set([pool.at(-1) as Node, pool.at(-2) as Node, draw.of(pool)])];
  return { outputs, weights: draw.weights, sizes: draw.of(sizes) };
}

const sizes: readonly Sizes[] = [
  { rows: 5, times: { time: 6 }, lengths: { time: [6, 2, 0, 5, 6] } },
  { rows: 3, times: { time: 6 }, lengths: { time: [1, 6, 4] } },
  { rows: 1, times: { time: 6 } },
  { rows: 4, times: { time: 1 }, lengths: { time: [0, 1, 1, 0] } },
];
