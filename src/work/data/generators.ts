/**
 * Classical sequence problems that make their own data: a function of the seed, of any size. Each gives inputs
 * `[sequences][steps][features]` (ragged where lengths differ) and targets.
 */
import { below, between, type Draw, draws, type GeneratorOptions, oneHot } from "./draws.ts";

export interface Steps {
  /** Steps of each sequence. */
  readonly steps: number;
}
export interface Generated<Target> {
  readonly x: number[][][];
  readonly y: Target[];
}

/**
 * The adding problem (Hochreiter and Schmidhuber 1997): a row of numbers in [0, 1) and a row of marks, two of which
 * are 1, one in each half. The target is the sum of the two marked numbers. x: `[count][steps][2]`, y: `[count][1]`.
 */
export function addingProblem({ count, steps, seed = 0 }: GeneratorOptions & Steps): Generated<number[]> {
  const half = Math.floor(steps / 2);
  const x: number[][][] = [];
  const y: number[][] = [];
  for (let k = 0; k < count; k++) {
    const draw = draws(seed, "adding", k);
    const row = Array.from({ length: steps }, () => [draw(), 0]);
    const marked = [row[below(draw, half)], row[half + below(draw, steps - half)]];
    for (const step of marked) if (step) step[1] = 1;
    x.push(row);
    y.push([marked.reduce((sum, step) => sum + (step?.[0] ?? 0), 0)]);
  }
  return { x, y };
}

/**
 * Temporal order with three symbols (Hochreiter and Schmidhuber 1997, task 6b): among distractors stand three symbols
 * X or Y, at about 1, 4 and 7 tenths of the sequence. The class says which, in order: 0 (XXX) to 7 (YYY).
 * x: `[count][steps][6]` one-hot (X, Y and four distractors), y: `[count]`.
 */
export function temporalOrder({ count, steps, seed = 0 }: GeneratorOptions & Steps): Generated<number> {
  const x: number[][][] = [];
  const y: number[] = [];
  for (let k = 0; k < count; k++) {
    const draw = draws(seed, "temporal order", k);
    const row = Array.from({ length: steps }, () => 2 + below(draw, 4));
    let label = 0;
    for (const tenths of [1, 4, 7]) {
      const symbol = below(draw, 2);
      row[Math.floor(((tenths + draw()) * steps) / 10)] = symbol;
      label = 2 * label + symbol;
    }
    x.push(row.map((symbol) => oneHot(symbol, 6)));
    y.push(label);
  }
  return { x, y };
}

/** Symbols of the Reber grammar, in the order of their one-hot places. */
export const reberSymbols = "BTPSXVE";
/** From each state of the Reber grammar the two ways out: symbol and next state. State 5 is the last. */
const reberWays: readonly (readonly (readonly [string, number])[])[] = [
  [
    ["T", 1],
    ["P", 2],
  ],
  [
    ["S", 1],
    ["X", 3],
  ],
  [
    ["T", 2],
    ["V", 4],
  ],
  [
    ["X", 2],
    ["S", 5],
  ],
  [
    ["P", 3],
    ["V", 5],
  ],
];

/**
 * The embedded Reber grammar (Hochreiter and Schmidhuber 1997, experiment 1): B, T or P, a string of the Reber grammar,
 * the same T or P again, E. x are all symbols but the last, one-hot; y the symbols that may come next, `[steps][7]` of
 * 0 and 1; the last but one step asks to remember the second.
 */
export function embeddedReber({
  count,
  seed = 0,
}: GeneratorOptions): Generated<number[][]> & { readonly strings: string[] } {
  const x: number[][][] = [];
  const y: number[][][] = [];
  const strings: string[] = [];
  for (let k = 0; k < count; k++) {
    const draw = draws(seed, "reber", k);
    const outer = below(draw, 2) === 0 ? "T" : "P";
    const symbols = ["B", outer, "B"];
    const may: string[] = ["TP", "B", "TP"];
    for (let state = 0; state < 5; ) {
      const ways = reberWays[state] ?? [];
      const [symbol, next] = ways[below(draw, 2)] ?? ["E", 5];
      symbols.push(symbol);
      state = next;
      may.push(next === 5 ? "E" : (reberWays[next] ?? []).map(([way]) => way).join(""));
    }
    symbols.push("E", outer, "E");
    may.push(outer, "E");
    strings.push(symbols.join(""));
    x.push(symbols.slice(0, -1).map((symbol) => oneHot(reberSymbols.indexOf(symbol), 7)));
    y.push(may.map((allowed) => Array.from(reberSymbols, (symbol) => (allowed.includes(symbol) ? 1 : 0))));
  }
  return { x, y, strings };
}

/** Symbols of aⁿbⁿ: what is read (S begins a string), and what is announced (T ends it). */
export const countingSymbols = { read: "Sab", announced: "abT" } as const;

export interface CountingOptions extends GeneratorOptions {
  /** The least n. Default: 1. */
  readonly from?: number;
  /** The largest n. */
  readonly to: number;
}

/**
 * The language aⁿbⁿ (Gers and Schmidhuber 2001): x is S aⁿ bⁿ, one-hot; y the symbols that may come next, `[steps][3]`
 * of 0 and 1. While a's are read, a or b may follow; from the first b on only what was counted tells b from the end T.
 * With n from 1 to 10, `count` strings whose n are drawn alike. x, y: `[count][2 n + 1][3]`.
 */
export function countingStrings({ count, from = 1, to, seed = 0 }: CountingOptions): Generated<number[][]> & {
  readonly n: number[];
} {
  const n = Array.from({ length: count }, (_, k) => between(draws(seed, "counting", k), from, to));
  return { x: n.map(countingInput), y: n.map(countingTarget), n };
}

const countingInput = (n: number): number[][] =>
  Array.from({ length: 2 * n + 1 }, (_, t) => oneHot(t === 0 ? 0 : t <= n ? 1 : 2, 3));

function countingTarget(n: number): number[][] {
  const may = (t: number): readonly number[] => {
    if (t === 0) return [1, 0, 0];
    return t <= n ? [1, 1, 0] : t < 2 * n ? [0, 1, 0] : [0, 0, 1];
  };
  return Array.from({ length: 2 * n + 1 }, (_, t) => [...may(t)]);
}

export interface ReversalOptions extends GeneratorOptions {
  /** Different tokens, 0 to symbols - 1. Default: 10. */
  readonly symbols?: number;
  /** The least length. Default: the largest. */
  readonly from?: number;
  /** The largest length. */
  readonly to: number;
}

/** Sequences of tokens, and each of them backwards. x, y: `[count][length]`, ragged where lengths differ. */
export function reversals({ count, symbols = 10, to, from = to, seed = 0 }: ReversalOptions): {
  readonly x: number[][];
  readonly y: number[][];
} {
  const x = Array.from({ length: count }, (_, k) => {
    const draw = draws(seed, "reversal", k);
    return Array.from({ length: between(draw, from, to) }, () => below(draw, symbols));
  });
  return { x, y: x.map((row) => row.toReversed()) };
}

export interface RecallOptions extends GeneratorOptions {
  /** The largest number of steps behind the first one. */
  readonly delay: number;
  /** The least number of them. Default: the largest. */
  readonly from?: number;
}

/**
 * Remembering the first input over a delay: a row of numbers in [-1, 1) and a row of marks, 1 at the first step and 0
 * at the others, whose numbers mean nothing. The target is the first number; its variance is 1/3.
 * x: `[count][1 + delay][2]`, ragged where delays differ; y: `[count][1]`.
 */
export function delayedRecall({ count, delay, from = delay, seed = 0 }: RecallOptions): Generated<number[]> {
  const x = Array.from({ length: count }, (_, k) => {
    const draw = draws(seed, "delayed recall", k);
    const length = 1 + between(draw, from, delay);
    return Array.from({ length }, (__, t) => [2 * draw() - 1, t === 0 ? 1 : 0]);
  });
  return { x, y: x.map(([first]) => [first?.[0] ?? 0]) };
}

export interface AssociativeOptions extends GeneratorOptions {
  /** The largest number of pairs. */
  readonly pairs: number;
  /** The least number of them. Default: the largest. */
  readonly from?: number;
  /** Different keys, at least as many as pairs. Default: 24. */
  readonly keys?: number;
  /** Different values, the classes. Default: 8. */
  readonly values?: number;
}

/**
 * Associative recall: some pairs of a key and a value, no key twice, then each of the keys alone, in another order. The
 * class of a step with a key alone is the value that came with it; that of the other steps is `values`, which is to be
 * ignored. x: `[count][2 pairs][keys + values]`, the key and the value one-hot, ragged where there are more or fewer
 * pairs; y: `[count][2 pairs]`.
 */
export function associativeRecall(options: AssociativeOptions): Generated<number[]> {
  const { count, pairs, from = pairs, keys = 24, values = 8, seed = 0 } = options;
  const x: number[][][] = [];
  const y: number[][] = [];
  for (let k = 0; k < count; k++) {
    const draw = draws(seed, "associative recall", k);
    const known = shuffled(draw, keys).slice(0, between(draw, from, pairs));
    const told = known.map((key) => ({ key, value: below(draw, values) }));
    const asked = shuffled(draw, told.length).map((at) => told[at] as (typeof told)[number]);
    const nothing = Array<number>(values).fill(0);
    x.push([
      ...told.map(({ key, value }) => [...oneHot(key, keys), ...oneHot(value, values)]),
      ...asked.map(({ key }) => [...oneHot(key, keys), ...nothing]),
    ]);
    y.push([...told.map(() => values), ...asked.map(({ value }) => value)]);
  }
  return { x, y };
}

/** The numbers 0 to n - 1 in an order that is drawn (Fisher and Yates). */
function shuffled(draw: Draw, n: number): number[] {
  const order = Array.from({ length: n }, (_, k) => k);
  for (let k = n - 1; k > 0; k--) {
    const other = below(draw, k + 1);
    [order[k], order[other]] = [order[other] as number, order[k] as number];
  }
  return order;
}
