/** Labels against every path there is (Graves et al. 2006): the probability of labels is that of all their paths. */
import { describe, expect, test } from "vitest";
import { draws } from "../../../test/draws.ts";
import { type CtcDecodeOptions, ctcDecode } from "./ctcDecode.ts";
import { ragged } from "./ragged.ts";
import { type Tensor, tensor } from "./tensor.ts";

function drawn(steps: number, classes: number, seed: number): readonly (readonly number[])[] {
  const draw = draws(seed);
  return Array.from({ length: steps }, () => Array.from({ length: classes }, () => Math.fround(2 * draw())));
}

/** The probability of every labelling of the frames, by its labels. */
function everyLabelling(frames: readonly (readonly number[])[], blank: number): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const visit = (t: number, labels: readonly number[], last: number, probability: number): void => {
    const frame = frames[t];
    if (frame === undefined) {
      const key = labels.join();
      found.set(key, (found.get(key) ?? 0) + probability);
      return;
    }
    const total = frame.reduce((sum, x) => sum + Math.exp(x), 0);
    frame.forEach((x, label) => {
      const says = label !== blank && label !== last;
      visit(t + 1, says ? [...labels, label] : labels, label, (probability * Math.exp(x)) / total);
    });
  };
  visit(0, [], -1, 1);
  return found;
}

const likeliest = (labellings: ReadonlyMap<string, number>): string =>
  [...labellings].reduce((a, b) => (b[1] > a[1] ? b : a))[0];

/** Frames that say each class of `path`. */
const saying = (path: readonly number[], classes: number): readonly (readonly number[])[] =>
  path.map((label) => Array.from({ length: classes }, (_, k) => (k === label ? 9 : 0)));

describe("greedy", () => {
  test("repeats are one, blanks are gone, and a blank between repeats keeps both", () => {
    expect(ctcDecode([saying([1, 1, 0, 1, 2, 2, 0, 0], 3)])).toEqual([[1, 1, 2]]);
  });
  test("another blank", () => {
    expect(ctcDecode([saying([0, 0, 2, 0, 1], 3)], { blank: 2 })).toEqual([[0, 0, 1]]);
  });
  test("tensors, ragged rows, and rows without a frame", () => {
    const rows = [saying([1, 2], 3), saying([2], 3)];
    expect(ctcDecode(tensor([rows[0] as number[][]]))).toEqual([[1, 2]]);
    expect(ctcDecode(ragged(rows as number[][][]))).toEqual([[1, 2], [2]]);
    expect(ctcDecode(ragged([...(rows as number[][][]), []]))).toEqual([[1, 2], [2], []]);
    expect(ctcDecode(ragged([[]]), { beam: 4 })).toEqual([[]]);
  });
});

describe("prefix beam", () => {
  test.each([
    [3, 3, 0],
    [4, 3, 2],
    [5, 3, 1],
    [4, 4, 0],
  ])("%i frames of %i classes, blank %i: no labels are likelier", (steps, classes, blank) => {
    for (let seed = 1; seed <= 20; seed++) {
      const frames = drawn(steps, classes, seed);
      const all = everyLabelling(frames, blank);
      const [labels = []] = ctcDecode([frames], { beam: all.size, blank });
      expect(labels.join()).toBe(likeliest(all));
    }
  });

  test("sums paths: labels whose paths together win are found, which the best path does not", () => {
    // Hannun et al. 2014: the blank is likeliest at each frame, and yet less likely than all paths of one label.
    const frames = [0, 1].map(() => [Math.log(0.6), Math.log(0.4)]);
    expect(ctcDecode([frames])).toEqual([[]]);
    expect(ctcDecode([frames], { beam: 3 })).toEqual([[1]]);
  });

  test("a narrow beam forgets prefixes and may meet them again", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const frames = drawn(6, 3, seed);
      const all = everyLabelling(frames, 0);
      const chance = (beam: number): number => all.get(ctcDecode([frames], { beam })[0]?.join() ?? "") ?? 0;
      expect(chance(all.size)).toBeGreaterThanOrEqual(chance(2));
      expect(chance(1)).toBeGreaterThan(0);
    }
  });

  test("frames of a thousand steps do not underflow", () => {
    const path = Array.from({ length: 1000 }, (_, t) => [1, 0, 2, 2][t % 4] ?? 0);
    const [labels = []] = ctcDecode([saying(path, 3)], { beam: 4 });
    expect(labels).toEqual(Array.from({ length: 500 }, (_, k) => 1 + (k % 2)));
  });
});

describe("misuse", () => {
  test.each([
    ["a blank that is no class", [[[1, 2]]], { blank: 2 }, /blank from 0 to 1/],
    ["a beam of none", [[[1, 2]]], { beam: 0 }, /whole number of 1 or more/],
    ["an option misspelt", [[[1, 2]]], { beams: 2 }, /Did you mean "beam"/],
    ["frames without a batch", [[1, 2]], {}, /batch is the first axis/],
    ["other classes in a row", [[[1, 2]], [[1, 2, 3]]], {}, /row 1.*2 classes/s],
    ["numbers that are none", [[[1, Number.NaN]]], {}, /finite/],
    ["no logits", null, {}, /nested arrays, a tensor/],
  ] as const)("%s", (_, logits, options, message) => {
    expect(() => ctcDecode(logits as unknown as Tensor, options as CtcDecodeOptions)).toThrow(message);
  });
});
