import { describe, expect, test } from "vitest";
import { UnrollError } from "../../errors.ts";
import { defineCell } from "../cells/defineCell.ts";
import { networkOf } from "../model/network.ts";
import { trace } from "../model/trace.ts";
import { sequential } from "../models.ts";
import { add, matmul, mul } from "../operators.ts";
import type { Signal } from "../signals.ts";
import { input } from "./input.ts";
import { lstm, recurrent } from "./recurrent.ts";

type Loose = Readonly<Record<string, Signal>>;
type Step = (x: Signal, state: Loose, weights: Loose, options: Readonly<Record<string, number>>) => unknown;
interface Parts {
  readonly options?: object;
  readonly state?: (sizes: { readonly units: number }) => unknown;
  readonly weights?: (sizes: { readonly features: number; readonly units: number }) => unknown;
  readonly step?: Step;
}
const of = (record: Loose, name: string): Signal => record[name] as Signal;
const plain: Required<Parts> = {
  options: { rate: 1 },
  state: ({ units }) => ({ h: [units] }),
  weights: ({ features, units }) => ({ kernel: [features, units] }),
  step: (x, { h }, { kernel }) => ({ h: add(matmul(x, kernel as Signal), h as Signal) }),
};
/** What comes of a cell as someone without types may write it. */
function errorOf(parts: Parts): string {
  try {
    const cell = defineCell({ name: "own", ...plain, ...parts } as never);
    const model = sequential(input({ shape: [null, 2] }), recurrent(cell, { units: 3 } as never));
    trace(networkOf(model), { training: false, states: "initial" });
    return "none";
  } catch (error) {
    return error instanceof UnrollError ? error.message : `not an UnrollError: ${String(error)}`;
  }
}
const stepError = (step: Step): string => errorOf({ step });

describe("the parts of a cell", () => {
  test("are fine as they should be", () => {
    expect(errorOf({})).toBe("none");
  });
  test("are refused with the cell, the weight or state, and what was meant", () => {
    const weights = (kernel: unknown): string => errorOf({ weights: () => ({ kernel }) });
    expect(weights({ shape: [2, 3], initializer: "orthogonl" })).toMatch(
      /cell "own", weights, kernel, initializer: .* got "orthogonl"\. Did you mean "orthogonal"\?/,
    );
    expect(weights(3)).toMatch(/cell "own", weights, kernel: expected a shape.*, got 3/);
    expect(weights(null)).toMatch(/kernel: expected a shape.*, got null/);
    expect(weights({ shap: [2, 3] })).toMatch(/kernel: expected a shape.*, got an object/);
    expect(weights([2, Number.NaN])).toMatch(/kernel: expected a shape.*, got \[2, NaN\]/);
    expect(weights([undefined, 2])).toMatch(/kernel: expected a shape.*, got \[undefined, 2\]/);
    expect(errorOf({ weights: () => undefined })).toMatch(
      /own", weights: expected a record of shapes, got undef/,
    );
    expect(errorOf({ state: ({ units }) => ({ h: units }) })).toMatch(
      /own", state, h: expected a shape.*, got 3/,
    );
    type Any = Readonly<Record<string, number>>;
    expect(errorOf({ weights: ((sizes: Any) => ({ kernel: [sizes["feature"], 3] })) as never })).toMatch(
      /own", weights: expected the options .*, got "feature"\. Did you mean "features"\?/,
    );
    expect(errorOf({ state: ((sizes: Any) => ({ h: [sizes["unit"]] })) as never })).toMatch(
      /own", state: expected the options .*, got "unit"\. Did you mean "units"\?/,
    );
    expect(errorOf({ state: () => undefined })).toMatch(
      /defineCell\(options\), state: expected at least one state/,
    );
    expect(errorOf({ step: undefined as never })).toMatch(
      /expected the option step, got none\. Add step: a fun/,
    );
    expect(errorOf({ step: 3 as never })).toMatch(/step: expected a function, got 3/);
    expect(errorOf({ ouput: "h" } as never)).toMatch(
      /an option that it knows, got "ouput"\. Did you mean "output"/,
    );
  });
  test("a name that the step asks for in vain is told, with those there are", () => {
    expect(
      stepError((x, { h }, w) => ({ h: add(matmul(x, of(w, "kernl")), of({ h: h as Signal }, "h")) })),
    ).toMatch(/cell "own", step: expected the weights kernel, got "kernl"\. Did you mean "kernel"\?/);
    expect(stepError((x, s, { kernel }) => ({ h: mul(of(s, "hh"), matmul(x, kernel as Signal)) }))).toMatch(
      /step: expected the states h, got "hh"/,
    );
    // 1 - undefined would be a silent NaN
    expect(stepError((_, { h }, __, o) => ({ h: mul(h as Signal, 1 - (o["rat"] as number)) }))).toMatch(
      /step: expected the options rate, features, shape, units, got "rat"\. Did you mean "rate"\?/,
    );
  });
  test("a weight that is there only with an option may be looked for", () => {
    expect(
      stepError((x, { h }, { kernel, bias }) => {
        const sum = add(matmul(x, kernel as Signal), h as Signal);
        return { h: bias ? add(sum, bias) : sum };
      }),
    ).toBe("none");
  });
  test("what a step returns is a record", () => {
    expect(stepError((x, _, { kernel }) => matmul(x, kernel as Signal))).toMatch(
      /step: expected a record of the next states, got a value itself\. Return a record of values: \{ h: /,
    );
    expect(stepError(() => undefined)).toMatch(/a record of the next states, got undefined/);
    expect(stepError((x) => [x])).toMatch(/a record of the next states, got an array of 1/);
  });
  test.each([[3], [undefined], [null], ["lstm"], [{}], [[]], [lstm], [lstm({ units: 3 })]])(
    "%s is no cell",
    (cell) => {
      expect(() => recurrent(cell as never, { units: 3 })).toThrow(
        /recurrent\(cell, options\): expected a cell/,
      );
    },
  );
});
