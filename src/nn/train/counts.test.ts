import { describe, expect, test } from "vitest";
import { counted, type Steps } from "./counts.ts";
import { binaryCrossentropy, categoricalCrossentropy, sparseCategoricalCrossentropy } from "./losses.ts";

const all = { counts: true, weights: true };
const steps: Steps = {
  rows: 2,
  time: 3,
  lengths: Int32Array.of(3, 2),
  mask: Float32Array.of(1, 0, 1, 1, 1, 1),
  target: Int32Array.of(0, 1, 2, 2, 1, 0),
  sampleWeight: null,
  classWeight: null,
};

describe("which steps count", () => {
  test("those within the length of a row, unmasked, of a class that is not ignored", () => {
    const loss = (ignoreClass: number | null) => sparseCategoricalCrossentropy({ ignoreClass });
    const none = counted(steps, loss(null), all, "mean");
    expect(none).toMatchObject({ counts: Float32Array.of(1, 0, 1, 1, 1, 0), count: 4, divisor: 4 });
    const two = counted(steps, loss(2), all, "mean");
    expect(two).toMatchObject({ counts: Float32Array.of(1, 0, 0, 0, 1, 0), count: 2, divisor: 2 });
    expect(counted(steps, loss(2), all, "sum").divisor).toBe(2);
  });

  test("the weights of a row or of its steps, times those of its class", () => {
    const loss = sparseCategoricalCrossentropy();
    const weighed = (sampleWeight: Float32Array): unknown =>
      counted({ ...steps, sampleWeight, classWeight: new Map([[2, 10]]) }, loss, all, "mean").weights;
    expect(weighed(Float32Array.of(2, 3))).toEqual(Float32Array.of(2, 0, 20, 30, 3, 0));
    expect(weighed(Float32Array.of(1, 2, 3, 4, 5, 6))).toEqual(Float32Array.of(1, 0, 30, 40, 5, 0));
  });

  test("the class of a distribution is its largest, the first of equal ones; that of a yes or no is the nearer", () => {
    const weights = (target: Float32Array, rows: number, loss: ReturnType<typeof binaryCrossentropy>) =>
      counted(
        {
          ...steps,
          rows,
          time: null,
          mask: null,
          lengths: null,
          target,
          classWeight: new Map([
            [0, 5],
            [1, 7],
          ]),
        },
        loss,
        all,
        "mean",
      ).weights;
    const hot = Float32Array.of(0.5, 0.5, 0, 0.2, 0.5, 0.3);
    expect(weights(hot, 2, categoricalCrossentropy())).toEqual(Float32Array.of(5, 7));
    expect(weights(Float32Array.of(0.1, 0.9), 2, binaryCrossentropy())).toEqual(Float32Array.of(5, 7));
  });
});
