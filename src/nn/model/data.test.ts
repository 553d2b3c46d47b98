import { describe, expect, test } from "vitest";
import { type Asked, columnOf, gathered } from "./data.ts";
import { ragged } from "./ragged.ts";
import { tensor } from "./tensor.ts";

const sequences: Asked = { axes: [null, 2], dtype: "float32", time: "time" };
const tokens: Asked = { axes: [null], dtype: "int32", time: "time", tokens: 5 };

describe("tensor", () => {
  test("finds the shape of nested arrays and gives them back", () => {
    const x = tensor([[[1, 2]], [[3, 4]]]);
    expect([x.shape, x.dtype, x.toArray()]).toEqual([[2, 1, 2], "float32", [[[1, 2]], [[3, 4]]]]);
    expect(tensor(new Float64Array([1, 2, 3, 4]), [2, 2]).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor([1, 2], undefined, "int32").data).toBeInstanceOf(Int32Array);
  });
  test("has as many data as its shape says, for ever", () => {
    const x = tensor([[1, 2]]);
    expect(() => {
      (x.shape as number[])[0] = 1e9;
    }).toThrow(TypeError);
    structuredClone(x.data, { transfer: [x.data.buffer as ArrayBuffer] });
    const moved = /a tensor \[1, 2\]: expected 2 numbers, got 0, as after a transfer/;
    expect(() => x.toArray()).toThrow(moved);
    for (const values of [x, [x]]) expect(() => columnOf(values, sequences, "x")).toThrow(moved);
  });
  test("says where the arrays are uneven, not finite or of another shape", () => {
    expect(() => tensor([[1, 2], [3]])).toThrow(/at \[1\].*array of 2.*one of 1/);
    expect(() =>
      tensor([
        [1, 2],
        [3, "4" as never],
      ]),
    ).toThrow(/\[1\]\[1\].*got "4"/);
    expect(() => tensor([1, Number.NaN])).toThrow(/number 1.*finite/);
    for (const values of [[1, -1e39], new Float64Array([1, -1e39])])
      expect(() => tensor(values)).toThrow(/number 1: .*got -1e\+39, which is -Infinity in float32/);
    expect(tensor([3.4028235e38, 1e-320]).data).toEqual(new Float32Array([3.4028235e38, 0]));
    expect(() => tensor([1.5], undefined, "int32")).toThrow(/whole numbers, got 1.5/);
    expect(() => tensor([1, 2, 3], [2, 2])).toThrow(/3 numbers/);
  });
});

describe("ragged", () => {
  test("keeps sequences as they are", () => {
    const x = ragged([
      [[1, 2]],
      [
        [3, 4],
        [5, 6],
      ],
    ]);
    expect([x.lengths, x.toArray()]).toEqual([
      [1, 2],
      [
        [[1, 2]],
        [
          [3, 4],
          [5, 6],
        ],
      ],
    ]);
    expect(() => ragged([[[1, 2]], [[3, 4, 5]]])).toThrow(/sequence 1.*\[2\]/);
    expect(() => ragged([1, 2])).toThrow(/sequence 0: expected an array of steps, got 1\. .* brackets/);
  });
  test.each([null, "2", undefined])("of %j, numbers are asked for, not arrays of one length", (value) => {
    const got = JSON.stringify(value) ?? "undefined";
    expect(() => ragged([[[1], [value]]] as never)).toThrow(
      `a number, as in the arrays before it, got ${got}. Give`,
    );
    expect(() => tensor([[1], [value]] as never)).toThrow(
      "Give numbers alone; a typed array goes into tensor(array, shape).",
    );
  });
  test.each([
    [3, "3"],
    [undefined, "undefined"],
    [new Float32Array(3), "a typed array of 3"],
    [tensor([1]), "a tensor"],
  ])("is not made of %s", (x, got) => {
    expect(() => ragged(x as never)).toThrow(
      `ragged(sequences): expected an array of sequences, got ${got}.`,
    );
  });
});

describe("columns of data", () => {
  test("are the same from arrays, tensors and ragged sequences", () => {
    const values = [
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ];
    const all = [values, tensor(values), ragged(values), values.map((row) => tensor(row))].map((x) =>
      columnOf(x, sequences, "x"),
    );
    for (const column of all) {
      expect([column.rows, column.size, [...column.lengths]]).toEqual([2, 2, [2, 2]]);
      expect([...column.row(1)]).toEqual([5, 6, 7, 8]);
    }
    expect(all.map((column) => column.ragged)).toEqual([false, false, true, false]);
  });
  test("are ragged where lengths differ, and are padded only when rows are put side by side", () => {
    const column = columnOf(
      [
        [[1, 2]],
        [
          [3, 4],
          [5, 6],
        ],
        [],
      ],
      sequences,
      "x",
    );
    expect([column.ragged, [...column.lengths]]).toEqual([true, [1, 2, 0]]);
    expect([...gathered(column, [1, 0], 2)]).toEqual([3, 4, 5, 6, 1, 2, 0, 0]);
  });
  test("name the row and what is wrong", () => {
    expect(() => columnOf([[[1, 2]], [[3]]], sequences, "x")).toThrow(
      /x, row 1: expected \[time, 2\], got \[1, 1\]/,
    );
    expect(() => columnOf([[1, 2]], sequences, "x")).toThrow(/one more pair of brackets/);
    expect(() => columnOf([[[1, Number.POSITIVE_INFINITY]]], sequences, "x")).toThrow(
      /row 0, number 1.*Infinity/,
    );
    expect(() =>
      columnOf(
        [
          [1, 2],
          [0, 9],
        ],
        tokens,
        "x",
      ),
    ).toThrow(/row 1, token 1: expected tokens from 0 to 4, got 9/);
    expect(() => columnOf([[0.5]], tokens, "x")).toThrow(/whole numbers, got 0.5/);
    expect(() => columnOf([], sequences, "x")).toThrow(/at least one row/);
    expect(() => columnOf(new Float32Array(4), sequences, "x")).toThrow(/tensor\(values/);
    expect(() => columnOf(null, sequences, "x")).toThrow(/got null/);
  });
  test("may leave out a last axis of 1 where that is allowed", () => {
    const asked: Asked = { axes: [1], dtype: "float32", time: null };
    expect([...columnOf([1, 2], { ...asked, expand: true }, "y").row(1)]).toEqual([2]);
    expect(() => columnOf([1, 2], asked, "y")).toThrow(/\[1\]/);
  });
});
