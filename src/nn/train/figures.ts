/**
 * The figures of an epoch: sums over all batches of what each made, and their quotients, so that they do not depend on
 * how the data were cut into batches.
 */
import type { Counted } from "./counts.ts";
import type { Goal } from "./objective.ts";

/** Sums so far: for each goal its loss, its divisor, the steps that counted and its metrics; then penalty and rows. */
export type Sums = readonly number[];

/** The sums of one batch. `outputs` begin with the sums of each goal; `penalty` is that of the regularizers. */
export function sumsOf(
  goals: readonly Goal[],
  outputs: readonly Float32Array[],
  batch: { readonly counted: readonly Counted[]; readonly penalty: number; readonly rows: number },
): Sums {
  let next = 0;
  const sums = goals.flatMap(({ metrics }, k) => {
    const { count = 0, divisor = 0 } = batch.counted[k] ?? {};
    const [loss, ...values] = outputs.slice(next, next + 1 + metrics.length).map((output) => output[0] ?? 0);
    next += 1 + metrics.length;
    return [loss ?? 0, divisor, count, ...values];
  });
  return [...sums, batch.penalty * batch.rows, batch.rows];
}

/** Where the sums of each goal begin. */
function placesOf(goals: readonly Goal[]): readonly number[] {
  let next = 0;
  return goals.map(({ metrics }) => {
    const at = next;
    next += 3 + metrics.length;
    return at;
  });
}

/** The sums of a later piece of a batch where losses are summed over time: its rows were counted with the first. */
export function ofLaterPiece(goals: readonly Goal[], sums: Sums): Sums {
  const divisors = placesOf(goals).map((at) => at + 1);
  return sums.map((sum, k) => (divisors.includes(k) ? 0 : sum));
}

export function plus(a: Sums | null, b: Sums): Sums {
  return a === null ? b : b.map((x, k) => x + (a[k] ?? 0));
}

/** Figures by name: `loss` and metrics; with several outputs the loss and metrics of each by its name. */
export function figuresOf(goals: readonly Goal[], sums: Sums): Record<string, number> {
  const figures: Record<string, number> = { loss: 0 };
  const places = placesOf(goals);
  let total = 0;
  for (const [goal, { name, metrics }] of goals.entries()) {
    const at = places[goal] ?? 0;
    const [loss = 0, divisor = 0, count = 0] = sums.slice(at, at + 3);
    const own = ratio(loss, divisor);
    total += own;
    if (goals.length > 1) figures[`${name}Loss`] = own;
    metrics.forEach(({ metric, figure = (mean: number) => mean }, k) => {
      const key = goals.length > 1 ? prefixed(name, metric) : metric;
      figures[key] = figure(ratio(sums[at + 3 + k] ?? 0, count));
    });
  }
  const [penalty = 0, rows = 0] = sums.slice(-2);
  return { ...figures, loss: total + ratio(penalty, rows) };
}

/** `valLoss` of `loss`. */
export const prefixed = (prefix: string, name: string): string =>
  `${prefix}${name.charAt(0).toUpperCase()}${name.slice(1)}`;

const ratio = (sum: number, count: number): number => (count === 0 ? 0 : sum / count);
