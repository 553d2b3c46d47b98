/**
 * Keras 3 beside us: real Keras models of the same layers, options and weights, built and run as the tests begin. What
 * they predict, the figures of evaluate and fit, and the weights after training are ours; where we differ on purpose
 * the difference is the one that docs/differences-from-keras.md tells.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { setDevice } from "../../src/index.ts";
import { expectAlike, expectSame } from "./kerasClose.ts";
import { differenceCases, differences } from "./kerasDifferences.ts";
import { figureCases } from "./kerasFigures.ts";
import { firstCases, layerCases } from "./kerasLayers.ts";
import { type Answer, type Case, ownAnswer, questionOf } from "./kerasModels.ts";
import { trainingCases } from "./kerasTraining.ts";
import { fromPython } from "./python.ts";

const cases: readonly Case[] = [...layerCases, ...figureCases, ...trainingCases];
const asked: readonly Case[] = [...cases, ...firstCases, ...differenceCases.flat()];
const answers = new Map<string, Answer>();
const answerTo = ({ name }: Case): Answer => answers.get(name) ?? {};

beforeAll(() => {
  const told = fromPython<readonly Answer[]>("keras_answers.py", asked.map(questionOf));
  asked.forEach(({ name }, k) => answers.set(name, told[k] ?? {}));
}, 1_200_000);

test("Keras is asked enough, and nothing twice", () => {
  expect(cases.length).toBeGreaterThanOrEqual(170);
  expect(answers.size).toBe(asked.length);
});

describe.each(["reference", "wasm"] as const)("on %s", (device) => {
  beforeAll(() => setDevice(device, { threads: 1 }));
  test.each(cases.map((one) => [one.name, one] as const))("%s", async (_, one) => {
    expectSame(await ownAnswer(one), answerTo(one), device);
  });
});

test.each(firstCases.map((one) => [one.name, one] as const))("%s", async (_, one) => {
  expectAlike(await ownAnswer(one), answerTo(one));
});

describe("on purpose", () => {
  test.each(differences.map((one, k) => [one.name, one, differenceCases[k] ?? []] as const))(
    "%s",
    async (_, { show }, all) => {
      const own: Answer[] = [];
      for (const one of all) own.push(await ownAnswer(one));
      show(own, all.map(answerTo));
    },
  );
});
