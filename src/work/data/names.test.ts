import { expect, test } from "vitest";
import { brokenNames, nameLabels, namesInSentences } from "./names.ts";

const { x, y, vocabulary } = namesInSentences({ count: 300, seed: 4 });

test("every word has a label, and names go on only after they began", () => {
  expect(x.map((words) => words.length)).toEqual(y.map((labels) => labels.length));
  expect(x.flat().every((word) => word >= 0 && word < vocabulary.length)).toBe(true);
  expect(new Set(y.flat())).toEqual(new Set(nameLabels.keys()));
  expect(y.map(brokenNames).every((broken) => broken === 0)).toBe(true);
  expect([brokenNames([2, 0, 1, 4, 4]), brokenNames([1, 2, 2, 3, 4])]).toEqual([2, 0]);
});
test("a shared word stands in names of both kinds, a word of its own in one", () => {
  const labelsOf = (word: string): Set<number | undefined> =>
    new Set(
      x.flatMap((words, k) => words.flatMap((one, t) => (vocabulary[one] === word ? [y[k]?.[t]] : []))),
    );
  expect(labelsOf("Rowan")).toEqual(new Set([1, 2, 3, 4]));
  expect(labelsOf("Anna")).toEqual(new Set([1]));
  expect(labelsOf("near")).toEqual(new Set([0]));
});
test("the same for the same seed, other for another", () => {
  expect(namesInSentences({ count: 300, seed: 4 }).x).toEqual(x);
  expect(namesInSentences({ count: 300, seed: 5 }).x).not.toEqual(x);
});
