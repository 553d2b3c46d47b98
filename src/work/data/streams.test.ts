import { describe, expect, test } from "vitest";
import { splitByPosition, streamsOf } from "./streams.ts";

const upTo = (count: number): Int32Array => Int32Array.from({ length: count }, (_, k) => k);

describe("streamsOf", () => {
  test("a stream is contiguous, and its targets are the next tokens", () => {
    const { inputs, targets, length, pieces } = streamsOf(upTo(25), { streams: 3, steps: 4 });
    expect([length, pieces]).toEqual([8, 2]);
    expect([...inputs]).toEqual([...upTo(24)]);
    expect([...targets]).toEqual([...upTo(25)].slice(1));
  });

  test("what does not fill a piece of every stream is left out", () => {
    const { inputs, length } = streamsOf(upTo(36), { streams: 3, steps: 4 });
    expect(length).toBe(8);
    expect(inputs.at(8)).toBe(8); // the second stream begins where the first ends
    expect(inputs.length).toBe(24);
  });

  test("without pieces nothing but the rest of the division is left out", () => {
    expect(streamsOf(upTo(12), { streams: 2 })).toMatchObject({ length: 5, streams: 2 });
  });

  test("one token too few is an error that says how many it takes", () => {
    expect(() => streamsOf(upTo(13), { streams: 3, steps: 4 })).not.toThrow();
    expect(() => streamsOf(upTo(12), { streams: 3, steps: 4 })).toThrow(/at least 13 tokens.*got 12/);
  });
});

describe("splitByPosition", () => {
  test("the parts are contiguous and together the whole", () => {
    const text = "abcdefghijklmnopqrst";
    const parts = splitByPosition(text, { validation: 0.1, test: 0.2 });
    expect(parts).toEqual({ train: "abcdefghijklmn", validation: "op", test: "qrst" });
  });

  test("a character of two code units is not cut", () => {
    const { train, validation } = splitByPosition("🐋🐋🐋🐋🐋", { validation: 0.5 });
    expect([train, validation]).toEqual(["🐋🐋🐋", "🐋🐋"]);
  });

  test("no text left to learn from is an error", () => {
    expect(() => splitByPosition("abc", { validation: 0.5, test: 0.5 })).toThrow(/together below 1/);
    expect(() => splitByPosition("abc", { validation: Number.NaN })).toThrow(/validation NaN/);
  });
});
