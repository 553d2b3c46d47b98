import { describe, expect, test } from "vitest";
import { watched } from "../bench/memory.ts";
import { forwardOperations, sizeOf, trainingOperations } from "../bench/networks.ts";
import { timeFirst } from "../bench/peers/answer.ts";
import type { Compared } from "../bench/peers/compare.ts";
import { jobsOf } from "../bench/peers/jobs.ts";
import { onnxModel } from "../bench/peers/onnxModel.ts";
import { ratiosReport } from "../bench/peers/reports.ts";
import { printed, short } from "../bench/report.ts";
import { alternately, quick, timingOf } from "../bench/timing.ts";

describe("a report", () => {
  test("is a table whose columns are as wide as their widest cell, text to the left", () => {
    const text = printed({
      name: "lengths",
      title: "Lengths",
      columns: ["what", "ms"],
      rows: [["a whole step", "1.25"]],
      notes: ["One thread."],
      data: null,
    });
    expect(text.split("\n")).toEqual([
      "## Lengths",
      "",
      "| what         |   ms |",
      "| ------------ | ---: |",
      "| a whole step | 1.25 |",
      "",
      "One thread.",
    ]);
  });

  test("has three digits that count", () => {
    expect([0, 0.01234, 1.2345, 98.76, 1234].map(short)).toEqual(["0", "0.0123", "1.23", "98.8", "1234"]);
  });
});

describe("timing", () => {
  test("gives the median, the least and the most", () => {
    expect(timingOf([5, 1, 9])).toEqual({ median: 5, least: 1, most: 9, runs: 3 });
  });

  test("runs the sides by turns, and leaves those that run elsewhere their own clock", async () => {
    const seen: string[] = [];
    const here = { name: "here", run: () => seen.push("here") };
    const burst = async (runs: number): Promise<readonly number[]> => {
      seen.push("there");
      return Array.from({ length: runs }, () => 42);
    };
    const timings = await alternately([here, { name: "there", run: () => burst(1), burst }], quick);
    expect(seen).toEqual(["here", "there", "here", "there", "here", "there"]);
    expect(timings[1]).toEqual({ median: 42, least: 42, most: 42, runs: 1 });
  });
});

test("an LSTM needs 8 B T H (I + H) operations forward, three times as many for training, less the input's", () => {
  const size = sizeOf("LSTM", [2, 3, 5, 7]);
  expect(forwardOperations(size)).toBe(8 * 5 * 7 * 3 * (2 + 3));
  expect(trainingOperations(size)).toBe(3 * 8 * 5 * 7 * 3 * (2 + 3) - 8 * 5 * 7 * 3 * 2);
});

test("memories made during some work are counted as they have grown, and only those", async () => {
  const { result, bytes } = await watched(() => new WebAssembly.Memory({ initial: 1 }));
  new WebAssembly.Memory({ initial: 5 });
  result.grow(2);
  expect(bytes()).toBe(3 * 65536);
});

describe("peers", () => {
  test("a goal is beside the ratio of medians, reached or not", () => {
    const [job] = jobsOf(1);
    const timing = (median: number) => timingOf([median]);
    const compared = (theirs: number): Compared => ({
      job: { ...(job as Compared["job"]), goals: [{ device: "wasm", peer: "PyTorch", times: 2 }] },
      devices: [{ device: "wasm", timing: timing(10), sums: [], share: 0.5 }],
      peers: [{ peer: "PyTorch", timing: timing(theirs), setting: "", sums: [], same: true }],
    });
    const rows = ratiosReport(1, [compared(25), compared(15)]).rows.map((row) => [row[3], ...row.slice(-2)]);
    expect(rows).toEqual([
      ["2.50 x", "wasm 2.00", "yes"],
      ["1.50 x", "wasm 2.00", "no"],
    ]);
  });

  test("what has computed other numbers has no ratio", () => {
    const [job] = jobsOf(1);
    const one = { peer: "PyTorch", timing: timingOf([1]), setting: "", sums: [], same: false } as const;
    expect(ratiosReport(1, [{ job: job as Compared["job"], devices: [], peers: [one] }]).rows).toEqual([]);
  });

  test("time comes first for peers that want it so", () => {
    const batchFirst = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12); // [2, 3, 2]
    expect([...timeFirst(batchFirst, 2, 2)]).toEqual([1, 2, 7, 8, 3, 4, 9, 10, 5, 6, 11, 12]);
  });
});

describe("an ONNX model", () => {
  const W = Float32Array.from({ length: 200 }, (_, k) => k / 2);
  const sizes = { cell: "RNN", features: 20, units: 10, gates: 1 } as const;
  const bytes = onnxModel(sizes, { W, R: new Float32Array(100), B: new Float32Array(20) });
  const model = fieldsOf(bytes);
  const graph = fieldsOf(only(model, 7));

  test("says its format, its operators' version and its node", () => {
    expect(only(model, 1)).toBe(8);
    expect(only(fieldsOf(only(model, 8)), 2)).toBe(14);
    const node = fieldsOf(only(graph, 1));
    expect(text(only(node, 4))).toBe("RNN");
    expect(all(node, 1).map(text)).toEqual(["X", "W", "R", "B", "", "h"]);
    expect(all(node, 2).map(text)).toEqual(["Y", "h_last"]);
    const attribute = fieldsOf(only(node, 5));
    expect([text(only(attribute, 1)), only(attribute, 3), only(attribute, 20)]).toEqual([
      "hidden_size",
      10,
      2,
    ]);
  });

  test("has its weights with their shapes and values", () => {
    const tensors = all(graph, 5).map(fieldsOf);
    expect(tensors.map((tensor) => [text(only(tensor, 8)), all(tensor, 1)])).toEqual([
      ["W", [1, 10, 20]],
      ["R", [1, 10, 10]],
      ["B", [1, 20]],
    ]);
    const raw = Uint8Array.from(only(tensors[0] ?? [], 9) as Uint8Array);
    expect([...new Float32Array(raw.buffer)]).toEqual([...W]);
  });

  type Field = readonly [tag: number, value: number | Uint8Array];

  /** All fields of a message, read to its last byte. */
  function fieldsOf(message: number | Uint8Array): readonly Field[] {
    const fields: Field[] = [];
    const from = message as Uint8Array;
    let at = 0;
    const varint = (): number => {
      for (let value = 0, scale = 1; ; scale *= 128) {
        const byte = from[at++] ?? Number.NaN;
        value += (byte % 128) * scale;
        if (!(byte >= 128)) return value;
      }
    };
    while (at < from.length) {
      const tag = varint();
      const value = varint();
      const end = tag % 8 === 0 ? at : at + value;
      fields.push([tag >> 3, tag % 8 === 0 ? value : from.subarray(at, end)]);
      at = end;
    }
    expect(at).toBe(from.length);
    return fields;
  }
  function all(fields: readonly Field[], tag: number): readonly (number | Uint8Array)[] {
    return fields.filter(([one]) => one === tag).map(([, value]) => value);
  }
  function only(fields: readonly Field[], tag: number): number | Uint8Array {
    const values = all(fields, tag);
    expect(values.length).toBe(1);
    return values[0] ?? 0;
  }
  function text(value: number | Uint8Array): string {
    return new TextDecoder().decode(value as Uint8Array);
  }
});
