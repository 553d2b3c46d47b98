/** How close our answer is to that of Keras. */
import { expect } from "vitest";
import type { Nested } from "../../src/nn/model/tensor.ts";
import { expectClose } from "../parity/close.ts";
import { flat } from "../parity/measure.ts";
import type { Answer } from "./kerasModels.ts";

const tolerances = { reference: 2e-6, wasm: 2e-5 } as const;

/** Throws unless all that Keras says is ours: the same names, the same shapes, the same numbers. */
export function expectSame(own: Answer, keras: Answer, device: keyof typeof tolerances): void {
  expect(keras.refused).toBeUndefined();
  const closeness = { tolerance: tolerances[device], smallest: 1 };
  const [got, wanted] = [partsOf(own), partsOf(keras)];
  expect([...got.keys()]).toEqual([...wanted.keys()]);
  for (const [name, numbers] of wanted) {
    expect(shapeOf(got.get(name) ?? []), `${name}: its shape`).toEqual(shapeOf(numbers));
    expectClose(flat(got.get(name)), flat(numbers), name, closeness);
  }
}

/** Throws unless first weights are the same constants, or thousands of draws of one kind. */
export function expectAlike(own: Answer, keras: Answer): void {
  expect(own.initial?.map(shapeOf)).toEqual(keras.initial?.map(shapeOf));
  keras.initial?.forEach((theirs, k) => {
    const ours = own.initial?.[k] ?? [];
    if (new Set(flat(theirs)).size <= 2) {
      expect(flat(ours), `weight ${k}`).toEqual(flat(theirs));
      return;
    }
    const [got, wanted] = [spreadOf(ours), spreadOf(theirs)];
    expect(Math.abs(got.mean), `weight ${k}, mean`).toBeLessThan(0.1 * wanted.deviation);
    expect(got.deviation / wanted.deviation, `weight ${k}, deviation`).toBeCloseTo(1, 1);
    expect(Math.abs(got.tails - wanted.tails), `weight ${k}, tails`).toBeLessThan(0.3);
    expect(got.orthogonal, `weight ${k}, orthogonal`).toBe(wanted.orthogonal);
  });
}

/** `tails`: the fourth moment over the square of the second, 1.8 of a uniform and 3 of a normal distribution. */
function spreadOf(weight: Nested): {
  readonly mean: number;
  readonly deviation: number;
  readonly tails: number;
  readonly orthogonal: boolean;
} {
  const all = flat(weight);
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  const moment = (power: number): number => all.reduce((sum, x) => sum + (x - mean) ** power, 0) / all.length;
  const tails = moment(4) / moment(2) ** 2;
  return { mean, deviation: Math.sqrt(moment(2)), tails, orthogonal: isOrthogonal(weight) };
}

/** Whether the rows of a matrix have right angles between them. */
function isOrthogonal(weight: Nested): boolean {
  const rows = (weight as readonly Nested[]).map(flat);
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, x, k) => sum + x * (b[k] ?? 0), 0);
  return rows.every((a, k) => rows.slice(0, k).every((b) => Math.abs(dot(a, b)) < 1e-4 * dot(a, a)));
}

/** Each array of an answer by its name: "predictions 0", "trained 3", "history valLoss", "onBatches 0 loss". */
function partsOf(answer: Answer): ReadonlyMap<string, Nested> {
  const parts = (name: string, x: unknown, depth: number): readonly [string, Nested][] =>
    depth === 0 || isRecord(x)
      ? Object.entries(x as object).flatMap(([key, inner]) =>
          parts(`${name} ${camel(key)}`, inner, depth + 1),
        )
      : [[name, x as Nested]];
  const all = Object.entries(answer).flatMap(([part, values]) => parts(part, values, 0));
  return new Map(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const isRecord = (x: unknown): boolean => typeof x === "object" && !Array.isArray(x);
const camel = (name: string): string =>
  name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const shapeOf = (x: Nested): unknown => (typeof x === "number" ? "number" : x.map(shapeOf));
