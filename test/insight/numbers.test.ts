/** Numbers about memory: the spectral radius of recurrent kernels, and how far back a state is felt. */
import fc from "fast-check";
import {
  bidirectional,
  dense,
  functional,
  gru,
  input,
  inspect,
  lstm,
  type Model,
  minGRU,
  ragged,
  type Signal,
  sequential,
  simpleRNN,
  slstm,
  spectralRadius,
  sru,
  tensor,
} from "unroll-rnn";
import { describe, expect, test } from "vitest";

describe("the spectral radius", () => {
  const rotation = (angle: number, by: number) => [
    [by * Math.cos(angle), -by * Math.sin(angle)],
    [by * Math.sin(angle), by * Math.cos(angle)],
  ];
  test.each([
    [
      "a diagonal",
      [
        [0.5, 0],
        [0, -2],
      ],
      2,
    ],
    ["complex eigenvalues", rotation(1, 0.9), 0.9],
    [
      "a Jordan block, far from normal",
      [
        [0.5, 1000],
        [0, 0.5],
      ],
      0.5,
    ],
    [
      "one that is nothing in the end",
      [
        [0, 3],
        [0, 0],
      ],
      0,
    ],
    [
      "zeros",
      [
        [0, 0],
        [0, 0],
      ],
      0,
    ],
    [
      "opposite eigenvalues",
      [
        [0, 4],
        [1, 0],
      ],
      2,
    ],
    ["a single number", [[-3]], 3],
    [
      "large numbers",
      [
        [1e200, 0],
        [1e200, 1e100],
      ],
      1e200,
    ],
  ])("of %s", (_, matrix, expected) => {
    expect(Math.abs(spectralRadius(matrix) - expected)).toBeLessThanOrEqual(1e-9 * expected);
  });

  test("is that of the eigenvalues that a matrix was made with", () => {
    const entries = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(
        entries,
        fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 4, maxLength: 4 }),
        (numbers, eigenvalues) => {
          // L D L^-1 with L lower triangular with ones: its inverse has no division.
          const at = (i: number, j: number): number =>
            i === j ? 1 : i > j ? (numbers[4 * i + j] as number) : 0;
          const L = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => at(i, j)));
          const inverse = [0, 1, 2, 3].map(() => [0, 0, 0, 0]);
          for (let j = 0; j < 4; j++)
            for (let i = 0; i < 4; i++) {
              let sum = i === j ? 1 : 0;
              for (let k = 0; k < i; k++) sum -= (L[i]?.[k] as number) * (inverse[k]?.[j] as number);
              (inverse[i] as number[])[j] = sum;
            }
          const matrix = L.map((row) =>
            [0, 1, 2, 3].map((j) =>
              row.reduce(
                (sum, value, k) => sum + value * (eigenvalues[k] as number) * (inverse[k]?.[j] as number),
                0,
              ),
            ),
          );
          const expected = Math.max(...eigenvalues.map(Math.abs));
          // Where eigenvalues are next to each other, an error u of the matrix moves them by the fourth root of u.
          expect(Math.abs(spectralRadius(matrix) - expected)).toBeLessThan(1e-3);
        },
      ),
      { seed: 1 },
    );
  });

  test("of a model: a number for each gate of each recurrent kernel", () => {
    const model = sequential(
      input({ shape: [null, 2] }),
      bidirectional(simpleRNN({ units: 3, returnSequences: true })),
      lstm({ units: 4, name: "memory" }),
      dense({ units: 1 }),
    );
    const all = spectralRadius(model);
    expect(Object.entries(all).map(([name, { length }]) => [name, length])).toEqual([
      ["bidirectional_1/forward/recurrentKernel", 1],
      ["bidirectional_1/backward/recurrentKernel", 1],
      ["memory/recurrentKernel", 4],
    ]);
    // An orthogonal kernel keeps every length.
    expect(all["bidirectional_1/forward/recurrentKernel"]?.[0]).toBeCloseTo(1, 5);
    expect(Object.keys(spectralRadius(model, { layer: "memory" }))).toEqual(["memory/recurrentKernel"]);
    const kernel = model.getWeights()[7]?.toArray() as number[][];
    expect(all["memory/recurrentKernel"]?.[1]).toBeCloseTo(
      spectralRadius(kernel.map((row) => row.slice(4, 8))),
      10,
    );
  });

  test.each([
    ["cells that share gates", lstm({ units: 2, cellsPerBlock: 3 })],
    ["a projection", lstm({ units: 3, projection: 2 })],
    ["several heads", slstm({ units: 4, heads: 2 })],
    ["peepholes", sru({ units: 2 })],
    ["no recurrent kernel", minGRU({ units: 2 })],
  ])("of %s there is none, since the gates are no square matrices", (_, layer) => {
    expect(spectralRadius(sequential(input({ shape: [null, 2] }), layer))).toEqual({});
  });

  test("of what is no square matrix is refused", () => {
    expect(() => spectralRadius([[1, 2]])).toThrow(/square/);
    expect(() => spectralRadius(tensor([1, 2, 3, 4]))).toThrow(/square/);
    expect(() => spectralRadius([[Number.NaN]])).toThrow(/finite/);
    expect(() =>
      spectralRadius(sequential(input({ shape: [null, 2] }), gru({ units: 1 })), { layer: "x" }),
    ).toThrow(/gru_1/);
    expect(() => spectralRadius([[1]] as never, { layer: "x" })).toThrow(/a matrix has no layers/);
  });
});

describe("memory length", () => {
  const ones = (steps: number): number[][] => Array.from({ length: steps }, () => [0]);
  /** h' = r h: a change r^k of what it was. */
  const linear = (r: number) => {
    const model = sequential(input({ shape: [null, 1] }), simpleRNN({ units: 1, activation: "linear" }));
    model.setWeights([[[1]], [[r]], [0]]);
    return model;
  };
  test("of a linear unit is known: r^k < 1/e", async () => {
    const [memory] = await (await inspect(linear(0.9), [ones(30)])).memoryLength();
    expect(memory?.length).toBe(Math.ceil(-1 / Math.log(0.9)));
    memory?.norms.forEach((norm, k) => void expect(norm).toBeCloseTo(0.9 ** k, 5));
    expect(memory?.norms).toHaveLength(30);
  });
  test("is infinite where the row ends before it is forgotten, each row on its own", async () => {
    const found = await (await inspect(linear(0.9), [ones(5), ones(20)])).memoryLength();
    expect(found.map(({ length }) => length)).toEqual([Infinity, 10]);
  });
  test("a row without steps has no norms, and leaves the others as they are", async () => {
    const found = await (await inspect(linear(0.9), ragged([ones(20), [], ones(5)]))).memoryLength();
    expect(found[1]).toEqual({ length: Infinity, norms: [] });
    const alone = await (await inspect(linear(0.9), [ones(20)])).memoryLength();
    expect(found[0]).toEqual(alone[0]);
  });
  test("an LSTM whose forget gate is open holds its memory, one with a closed gate does not", async () => {
    const model = sequential(input({ shape: [null, 1] }), lstm({ units: 2 }));
    const withForget = async (bias: number): Promise<number> => {
      model.setWeights([
        [[0, 0, 0, 0, 0, 0, 0, 0]],
        [0, 1].map(() => [0, 0, 0, 0, 0, 0, 0, 0]),
        [0, 0, bias, bias, 0, 0, 0, 0],
      ]);
      return (await (await inspect(model, [ones(25)])).memoryLength())[0]?.length ?? 0;
    };
    expect(await withForget(10)).toBe(Infinity);
    expect(await withForget(0)).toBe(2);
  });
  test("asks for a layer where there are several", async () => {
    const model = sequential(
      input({ shape: [null, 1] }),
      gru({ units: 2, returnSequences: true }),
      gru({ units: 2 }),
    );
    const seen = await inspect(model, [ones(3)]);
    await expect(seen.memoryLength()).rejects.toThrow(/gru_1, gru_2/);
    expect(await seen.memoryLength({ layer: "gru_2" })).toHaveLength(1);
    const [x, twice] = [input({ shape: [null, 2] }), gru({ units: 2, returnSequences: true })];
    const shared = await inspect(functional({ inputs: x, outputs: twice(twice(x)) }), [[[1, 2]]]);
    expect(await shared.memoryLength({ layer: "gru_1#2" })).toHaveLength(1);
    const none = await inspect(
      sequential(input({ shape: [2] }), dense({ units: 1 })) as Model<Signal, Signal>,
      [[1, 2]],
    );
    await expect(none.memoryLength()).rejects.toThrow(/a recurrent layer/);
  });
});
