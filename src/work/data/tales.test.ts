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
  test("a line that forgets an animal, exchanges none, or breaks the grammar is none", () => {
    expect(isTale("the old fox finds the heron, and the heron greets the fox.")).toBe(true);
    expect(isTale("the old fox finds the heron, and the heron greets the lynx.")).toBe(false);
    expect(isTale("the old fox finds the heron, and the fox greets the heron.")).toBe(false);
    expect(isTale("the old fox finds heron, and the heron greets the fox.")).toBe(false);
    expect(isTale("")).toBe(false);
  });
  test("all choices are taken about as often as the bits say", () => {
    const seen = new Set(lines.map((line) => line.replace(/(old|quiet|hungry|proud) /, "").slice(0, 24)));
    expect(seen.size).toBeGreaterThan(200);
    expect(bitsPerTale).toBeCloseTo(6 + 2 * Math.log2(5) + 1 + 1, 10);
  });
});
