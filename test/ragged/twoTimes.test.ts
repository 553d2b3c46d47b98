/** Two inputs whose rows differ in length each in its own way: a row gives what it gives alone, and learns what it learns. */
import { beforeEach, describe, expect, test } from "vitest";
import * as unroll from "../../src/index.ts";

const { bidirectional, conv1d, dense, functional, gru, input, lstm, masking, maxPooling1d, setDevice } =
  unroll;

/** Every fourth step is zeros, which masking takes out. */
const sequences = (lengths: readonly number[], shift: number): number[][][] =>
  lengths.map((length, row) =>
    Array.from({ length }, (_, t) =>
      [0, 1].map((k) => (t % 4 === 2 ? 0 : Math.sin(shift + 7 * row + 3 * t + k))),
    ),
  );
const [a, b] = [sequences([7, 1, 12, 4, 9], 0), sequences([3, 8, 2, 11, 1], 50)];

type Source = ReturnType<typeof source>;
const source = () => input({ shape: [null, 2] });
const kinds: Readonly<Record<string, (x: Source) => unknown>> = {
  backwards: (x) => gru({ units: 3, goBackwards: true })(x),
  "in both directions": (x) => bidirectional(lstm({ units: 2 }))(x),
  "twice backwards": (x) =>
    gru({ units: 2, goBackwards: true })(gru({ units: 2, goBackwards: true, returnSequences: true })(x)),
  "masked, in both directions": (x) => bidirectional(gru({ units: 2 }))(masking()(x)),
  "behind strided windows": (x) =>
    bidirectional(gru({ units: 2 }))(conv1d({ filters: 2, kernelSize: 3, strides: 2, padding: "same" })(x)),
  "behind pooling": (x) =>
    gru({ units: 2, goBackwards: true })(maxPooling1d({ poolSize: 2, padding: "same" })(x)),
};

describe.each(Object.entries(kinds))("%s", (_, layers) => {
  beforeEach(() => setDevice("wasm", { threads: 1 }));
  const made = () => {
    const [p, q] = [source(), source()];
    const end = (x: Source) => dense({ units: 1 })(layers(x) as never);
    const model = functional({ inputs: [p, q], outputs: [end(p), end(q)] });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    return model;
  };

  test("predicted alone and in company", async () => {
    const model = made();
    const rows = async (p: typeof a, q: typeof b): Promise<readonly number[][]> =>
      ((await model.predict([p, q])) as readonly unroll.Tensor[]).map(({ data }) => [...data]);
    const alone = await Promise.all(a.map((_, k) => rows(a.slice(k, k + 1), b.slice(k, k + 1))));
    const together = await rows(a, b);
    expect(together).toEqual([0, 1].map((output) => alone.map((one) => one[output]?.[0])));
  });

  test("gradients are the mean of those of each row alone", async () => {
    const model = made();
    const y = a.map((_, k) => [k - 2]);
    const of = (from: number, to: number) =>
      model.gradients([a.slice(from, to), b.slice(from, to)], [y.slice(from, to), y.slice(from, to)]);
    const alone = await Promise.all(a.map((_, k) => of(k, k + 1)));
    const { gradients } = await of(0, a.length);
    gradients.forEach(({ data }, k) => {
      data.forEach((gradient, j) => {
        const mean = alone.reduce((sum, one) => sum + (one.gradients[k]?.data[j] ?? 0), 0) / a.length;
        expect(Math.abs(gradient - mean)).toBeLessThan(1e-5);
      });
    });
  });
});
