import { describe, expect, test } from "vitest";
import { addingProblem, embeddedReber, reberSymbols, temporalOrder } from "./generators.ts";

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
  test("the same seed gives the same data, another seed others", () => {
    const options = { count: 3, steps: 9 };
    expect(addingProblem({ ...options, seed: 1 })).toEqual(addingProblem({ ...options, seed: 1 }));
    expect(addingProblem({ ...options, seed: 1 })).not.toEqual(addingProblem({ ...options, seed: 2 }));
  });
});
