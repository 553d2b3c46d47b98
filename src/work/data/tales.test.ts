import { describe, expect, test } from "vitest";
import { bitsPerTale, isTale, tales } from "./tales.ts";

describe("tales", () => {
  const lines = tales({ sentences: 500, seed: 1 }).trimEnd().split("\n");

  test("every line is a tale, and no two seeds tell the same ones", () => {
    expect(lines).toHaveLength(500);
    expect(lines.filter((line) => !isTale(line))).toEqual([]);
    expect(tales({ sentences: 500, seed: 1 }).trimEnd().split("\n")).toEqual(lines);
    expect(tales({ sentences: 500, seed: 2 })).not.toBe(lines.join("\n"));
  });
  test("a line that forgets its animal or breaks the grammar is none", () => {
    expect(isTale("the old fox finds the river, and the fox rests.")).toBe(true);
    expect(isTale("the old fox finds the river, and the lynx rests.")).toBe(false);
    expect(isTale("the heron sings, and the heron waits.")).toBe(true);
    expect(isTale("the heron sings the river, and the heron waits.")).toBe(false);
    expect(isTale("the old fox finds river, and the fox rests.")).toBe(false);
    expect(isTale("the old fix finds the river, and the fix rests.")).toBe(false);
    expect(isTale("")).toBe(false);
  });
  test("the bits are those of the choices, which are all taken about alike", () => {
    const all = tales({ sentences: 6000, seed: 3 }).trimEnd().split("\n");
    const counts = new Map<string, number>();
    for (const line of all) counts.set(line, (counts.get(line) ?? 0) + 1);
    // Counted among the shortest tales, which come once in four: no mood, no place, 8 * 4 * 4 of them.
    expect(bitsPerTale).toBeCloseTo(Math.log2(8 * 4) + 2 + 0.5 * 2 + 0.5 * 2 + 0.5 * Math.log2(30), 10);
    const short = [...counts]
      .filter(([line]) => /^the \w+ \w+, and the \w+ \w+\.$/.test(line))
      .map(([, n]) => n);
    expect(short).toHaveLength(8 * 4 * 4);
    expect(short.reduce((sum, n) => sum + n, 0) / 6000).toBeCloseTo(0.25, 1);
    expect(Math.min(...short)).toBeGreaterThan(1);
    expect(Math.max(...short)).toBeLessThan(28);
  });
});
