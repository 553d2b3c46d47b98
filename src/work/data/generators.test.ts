import { describe, expect, test } from "vitest";
import {
  addingProblem,
  associativeRecall,
  countingStrings,
  countingSymbols,
  delayedRecall,
  embeddedReber,
  reberSymbols,
  reversals,
  temporalOrder,
} from "./generators.ts";

const symbolAt = (step: readonly number[]): string => reberSymbols[step.indexOf(1)] ?? "";

describe("generators", () => {
  test("adding: two marks, one in each half, and their sum", () => {
    const { x, y } = addingProblem({ count: 50, steps: 11, seed: 3 });
    x.forEach((row, k) => {
      const places = row.flatMap(([, mark], step) => (mark === 1 ? [step] : []));
      expect(places).toHaveLength(2);
      expect(places[0]).toBeLessThan(5);
      expect(places[1]).toBeGreaterThanOrEqual(5);
      expect(y[k]?.[0]).toBe(places.reduce((sum, step) => sum + (row[step]?.[0] ?? 0), 0));
    });
  });
  test("temporal order: the class spells the three symbols, and every class occurs", () => {
    const { x, y } = temporalOrder({ count: 200, steps: 30, seed: 1 });
    x.forEach((row, k) => {
      const symbols = row.map((step) => step.indexOf(1)).filter((symbol) => symbol < 2);
      expect(symbols).toHaveLength(3);
      expect(symbols.reduce((label, symbol) => 2 * label + symbol, 0)).toBe(y[k]);
    });
    expect(new Set(y).size).toBe(8);
  });
  test("embedded Reber: every string is one of the grammar, and every symbol was announced", () => {
    const grammar = /^B(T|P)B(TS*X(XT*V(PS|PXT*V)*|S)|P.*|T.*)E\1E$/;
    const { x, y, strings } = embeddedReber({ count: 200, seed: 5 });
    strings.forEach((text, k) => {
      expect(text).toMatch(grammar);
      expect(x[k]?.map(symbolAt).join("")).toBe(text.slice(0, -1));
      y[k]?.forEach((allowed, step) => {
        expect(allowed[reberSymbols.indexOf(text[step + 1] ?? "")]).toBe(1);
      });
      expect(y[k]).toHaveLength(text.length - 1);
    });
    expect(new Set(strings.map((text) => text[1]))).toEqual(new Set(["T", "P"]));
  });
  test("counting: S, then as many a as b, and what may follow each", () => {
    const { x, y, n } = countingStrings({ count: 100, to: 10, seed: 2 });
    expect(new Set(n)).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
    x.forEach((row, k) => {
      const text = row.map((step) => countingSymbols.read[step.indexOf(1)]).join("");
      expect(text).toBe(`S${"a".repeat(n[k] ?? 0)}${"b".repeat(n[k] ?? 0)}`);
      const may = y[k]?.map((step) =>
        [...countingSymbols.announced].filter((_, at) => step[at] === 1).join(""),
      );
      const read = /^S(a*)(b*)$/;
      may?.forEach((next, t) => {
        const [, a = "", b = ""] = read.exec(text.slice(0, t + 1)) ?? [];
        expect(next).toBe(a === "" ? "a" : b === "" ? "ab" : b.length < a.length ? "b" : "T");
      });
    });
    expect(countingStrings({ count: 1, from: 3, to: 3 }).x[0]).toHaveLength(7);
  });
  test("reversals: the same tokens from the end, lengths as asked", () => {
    const { x, y } = reversals({ count: 200, symbols: 5, from: 2, to: 6, seed: 1 });
    expect(new Set(x.map((row) => row.length))).toEqual(new Set([2, 3, 4, 5, 6]));
    expect(new Set(x.flat())).toEqual(new Set([0, 1, 2, 3, 4]));
    x.forEach((row, k) => {
      expect(y[k]).toEqual(row.toReversed());
    });
    expect(reversals({ count: 9, to: 4 }).x.every((row) => row.length === 4)).toBe(true);
  });
  test("delayed recall: the target is the first number, the only one that is marked", () => {
    const { x, y } = delayedRecall({ count: 400, delay: 20, seed: 1 });
    expect(x.every((row) => row.length === 21)).toBe(true);
    x.forEach((row, k) => {
      expect(row.map(([, mark]) => mark)).toEqual([1, ...Array.from({ length: 20 }, () => 0)]);
      expect(y[k]).toEqual([row[0]?.[0]]);
    });
    const meanOf = (f: (row: readonly number[][], k: number) => number): number =>
      x.reduce((sum, row, k) => sum + f(row, k), 0) / x.length;
    expect(meanOf((_, k) => (y[k]?.[0] ?? 0) ** 2)).toBeCloseTo(1 / 3, 1);
    for (const t of [1, 20])
      expect(meanOf((row, k) => (row[t]?.[0] ?? 0) * (y[k]?.[0] ?? 0))).toBeCloseTo(0, 1);
    const delays = delayedRecall({ count: 100, delay: 5, from: 2 }).x.map((row) => row.length - 1);
    expect(new Set(delays)).toEqual(new Set([2, 3, 4, 5]));
  });
  test("associative recall: no key twice, each asked once for the value that came with it", () => {
    const options = { count: 300, pairs: 6, from: 2, keys: 9, values: 4 };
    const { x, y } = associativeRecall(options);
    expect(new Set(x.map((row) => row.length))).toEqual(new Set([4, 6, 8, 10, 12]));
    expect(x.flat().every((step) => step.length === 13)).toBe(true);
    x.forEach((row, k) => {
      const steps = row.map((step) => [step.slice(0, 9).indexOf(1), step.slice(9).indexOf(1)] as const);
      const [told, asked] = [steps.slice(0, row.length / 2), steps.slice(row.length / 2)];
      const memory = new Map(told);
      expect(memory.size).toBe(told.length);
      expect(new Set(asked.map(([key]) => key))).toEqual(new Set(memory.keys()));
      expect(asked.every(([, value]) => value === -1)).toBe(true);
      expect(y[k]).toEqual([...told.map(() => 4), ...asked.map(([key]) => memory.get(key))]);
    });
    const answers = y.flat().filter((value) => value < 4);
    for (const value of [0, 1, 2, 3])
      expect(answers.filter((other) => other === value).length / answers.length).toBeCloseTo(1 / 4, 1);
    expect(associativeRecall(options)).toEqual({ x, y });
    expect(associativeRecall({ ...options, seed: 1 })).not.toEqual({ x, y });
  });
  test("the same seed gives the same data, another seed others", () => {
    const options = { count: 3, steps: 9 };
    expect(addingProblem({ ...options, seed: 1 })).toEqual(addingProblem({ ...options, seed: 1 }));
    expect(addingProblem({ ...options, seed: 1 })).not.toEqual(addingProblem({ ...options, seed: 2 }));
    for (const generator of [countingStrings, reversals, delayedRecall]) {
      const make = (seed: number): unknown => generator({ count: 9, to: 9, delay: 9, seed });
      expect(make(1)).toEqual(make(1));
      expect(make(1)).not.toEqual(make(2));
    }
  });
});
