/**
 * Sums on every device, each element within the bound that grows with its length (tolerances.ts): of features, of steps
 * and rows, of products with weights, and of the gradient of a weight. A term that is left out is noticed, one of a thousand too.
 */
import { describe, expect, test } from "vitest";
import { make, parameter } from "../../src/core/graph/build.ts";
import { rows, type Shape } from "../../src/core/graph/nodes.ts";
import { matmul, mul, sum, sumLeading } from "../../src/core/graph/operators.ts";
import type { Computation, Device } from "../../src/core/run/device.ts";
import { referenceDevice } from "../../src/core/run/referenceDevice.ts";
import { gamma } from "../tolerances.ts";
import { type Case, computationOf, type Given, given, lengthsOf } from "./cases.ts";
import { devices } from "./devices.ts";

const [count, width] = [3, 4];
const lengths = { time: lengthsOf() };
const sequence = (features: number): Shape => ["time", rows, features];

/** A sum of `length` products for each element. */
type Sum = (length: number) => Case;
const sums: Readonly<Record<string, Sum>> = {
  features: (length) => {
    const [a, b] = [parameter("a", [rows, length]), parameter("b", [rows, length])];
    return { rows: count, computation: computationOf({ inputs: [a, b], outputs: [sum(mul(a, b))] }) };
  },
  matmul: (length) => {
    const [x, kernel] = [parameter("x", [rows, length]), parameter("kernel", [length, width])];
    return {
      rows: count,
      computation: computationOf({ inputs: [x], weights: [kernel], outputs: [matmul(x, kernel)] }),
    };
  },
  "steps and rows": (length) => {
    const [a, b] = [parameter("a", sequence(width)), parameter("b", sequence(width))];
    return overTime(length, { lengths, inputs: [a, b], outputs: [sumLeading(mul(a, b), 2)] });
  },
  "the gradient of a kernel": (length) => {
    const [x, delta] = [parameter("x", sequence(2)), parameter("delta", sequence(width))];
    const kernel = parameter("kernel", [2, width]);
    const gradients = [make("contract", [x, delta], {})];
    return overTime(length, { lengths, inputs: [x, delta], weights: [kernel], outputs: [], gradients });
  },
};
function overTime(length: number, ends: Parameters<typeof computationOf>[0]): Case {
  return {
    rows: 1,
    times: { time: length },
    lengths: { time: [length] },
    computation: computationOf(ends),
  };
}

const magnitudes = ({ batch, weights }: Given): Given => ({
  batch: { ...batch, inputs: batch.inputs.map((input) => input.map(Math.abs)) },
  weights: weights.map((weight) => weight.map(Math.abs)),
});
const reference = referenceDevice();

/** The largest error in units of its bound. */
function worstOf(device: Device, one: Case, drawn = given(one)): number {
  const run = (by: Device, computation: Computation, { batch, weights }: Given): readonly Float32Array[] =>
    by.compile(computation).runNow(batch, weights);
  const wanted = run(reference, one.computation, given(one));
  const whole = run(reference, one.computation, magnitudes(given(one)));
  const got = run(device, one.computation, drawn);
  // What is wanted was rounded once, as it came out of the reference; so was the sum of the magnitudes.
  const terms = lengthOf(one) + 2;
  const errors = got.flatMap((array, k) =>
    Array.from(
      array,
      (x, i) => Math.abs(x - (wanted[k]?.[i] ?? Number.NaN)) / (gamma(terms) * (whole[k]?.[i] ?? 0)),
    ),
  );
  return Math.max(...errors);
}
const lengthOf = ({ times, computation }: Case): number =>
  times?.["time"] ?? Number(computation.inputs[0]?.shape.at(-1));

describe.each(devices)("$name", ({ device }) => {
  describe.each(Object.entries(sums))("%s", (_, make) => {
    test.each([1, 2, 7, 64, 1000, 4099])("%i terms", (length) => {
      const one = make(length);
      expect(worstOf(device(), one)).toBeLessThan(1);
      if (length > 1000) return; // one term of so many is no more than the bound
      const drawn = given(one);
      const [first, ...others] = drawn.batch.inputs;
      const last = first?.length ?? 0;
      const without = first?.map((x, k) => (k === last - 1 ? 0 : x)) ?? new Float32Array();
      const batch = { ...drawn.batch, inputs: [without, ...others] };
      expect(worstOf(device(), one, { ...drawn, batch }), "a term left out").toBeGreaterThan(1);
    });
  });
});
