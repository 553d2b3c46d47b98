/** The best path against every path there is. */
import { describe, expect, test } from "vitest";
import { draws } from "../../../test/draws.ts";
import { bestPath, type Lattice } from "./viterbi.ts";

/** Every way to choose one of `count` at each of `steps`. */
function everyPath(steps: number, count: number): readonly (readonly number[])[] {
  if (steps === 0) return [[]];
  return everyPath(steps - 1, count).flatMap((path) =>
    Array.from({ length: count }, (_, label) => [...path, label]),
  );
}

const scoreOf = ({ emissions, transitions, labels }: Lattice, path: readonly number[]): number =>
  path.reduce((score, label, t) => {
    const moved = t === 0 ? 0 : (transitions[(path[t - 1] ?? 0) * labels + label] ?? 0);
    return score + moved + (emissions[t * labels + label] ?? 0);
  }, 0);

function drawn(count: number, seed: number): Float32Array {
  const draw = draws(seed);
  return Float32Array.from({ length: count }, () => 2 * draw());
}

describe("bestPath", () => {
  test.each([
    [1, 3],
    [2, 2],
    [4, 3],
    [5, 4],
  ])("%i steps of %i labels: no path sums to more", (steps, labels) => {
    for (let seed = 1; seed <= 20; seed++) {
      const emissions = drawn(steps * labels, seed);
      const lattice = { emissions, transitions: drawn(labels * labels, seed + 100), labels, mask: null };
      const scores = everyPath(steps, labels).map((path) => scoreOf(lattice, path));
      expect(scoreOf(lattice, [...bestPath(lattice)])).toBe(Math.max(...scores));
    }
  });

  test("transitions go from the row to the column", () => {
    const transitions = Float32Array.of(0, 5, 0, 0); // from 0 to 1
    const emissions = Float32Array.of(1, 0, 0, 0);
    expect([...bestPath({ emissions, transitions, labels: 2, mask: null })]).toEqual([0, 1]);
  });

  test("a step that does not count is passed over, and repeats the label before it", () => {
    const transitions = Float32Array.of(0, 5, 0, 0);
    const emissions = Float32Array.of(9, 9, 1, 0, 9, 0, 0, 0);
    const lattice = { emissions, transitions, labels: 2, mask: Float32Array.of(0, 1, 0, 1) };
    expect([...bestPath(lattice)]).toEqual([0, 0, 0, 1]);
  });

  test("no steps, no labels", () => {
    const empty = { emissions: new Float32Array(0), transitions: new Float32Array(4), labels: 2, mask: null };
    expect(bestPath(empty)).toHaveLength(0);
  });
});
