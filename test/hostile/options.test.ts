/**
 * A wrong option is refused where it is given: its name and what it has to be are said, and of a misspelt name the
 * right one. Every name of every public type of options is tried (layerOptions.ts and its neighbours) with all that people give by mistake.
 */

import { rmSync } from "node:fs";
import * as unroll from "unroll-rnn";
import { UnrollError } from "unroll-rnn";
import { afterAll, describe, expect, test } from "vitest";
import { layerTargets } from "./layerOptions.ts";
import { folder, modelTargets } from "./modelOptions.ts";
import { positions } from "./positions.ts";
import { from0, noOptions, suspects, type Target } from "./suspects.ts";
import { trainingTargets } from "./trainingOptions.ts";

const targets: readonly Target[] = [...layerTargets, ...trainingTargets, ...modelTargets];

async function refusal({ call }: Pick<Target, "call">, options: unknown): Promise<unknown> {
  try {
    await call(options as never);
    return null;
  } catch (error) {
    return error;
  }
}

/** A name as it is mistyped: two letters the other way round, or one twice. */
const mistyped = (name: string): string => `${name.slice(0, 1)}${name.slice(0, 1)}${name.slice(1)}`;

afterAll(() => rmSync(folder, { recursive: true }));

/** Public functions that take values, nothing by name. */
const withoutOptions = [
  ...Object.keys(positions),
  ...["UnrollError", "deviceInfo", "defineCell"],
  ...["categoricalAccuracy", "sparseCategoricalAccuracy", "perplexity", "bitsPerToken"],
  ...["meanSquaredError", "meanAbsoluteError"],
];

test("every public function is here", () => {
  const here = new Set([...targets.map(({ name }) => name), ...withoutOptions]);
  const functions = Object.entries(unroll).filter(([, value]) => typeof value === "function");
  expect(functions.map(([name]) => name).filter((name) => !here.has(name))).toEqual([]);
});

describe.each(targets.map((one) => [one.name, one] as const))("%s", (_, target) => {
  const names = Object.keys(target.right);

  test("takes what is right", async () => {
    expect(await refusal(target, target.usual)).toBeNull();
  });

  test("takes one plain object", async () => {
    for (const make of noOptions) {
      const options = make(target.usual);
      expect(await refusal(target, options), Object.prototype.toString.call(options)).toBeInstanceOf(
        UnrollError,
      );
    }
  });

  test.each(names)("%s", async (name) => {
    const taken = target.right[name] ?? [];
    for (const [suspect, value] of Object.entries(suspects)) {
      if (taken.includes(suspect)) continue;
      const error = await refusal(target, { ...target.usual, [name]: value });
      expect(error, `${name}: ${suspect} is refused`).toBeInstanceOf(UnrollError);
      expect((error as UnrollError).message, `${name}: ${suspect}`).toContain(name);
    }
  });

  test.each(names)("%s, mistyped", async (name) => {
    const error = await refusal(target, { ...target.usual, [mistyped(name)]: 1 });
    expect(error).toBeInstanceOf(UnrollError);
    expect((error as UnrollError).message).toContain(`Did you mean "${name}"?`);
  });
});

describe("classWeight", () => {
  const weighed = async (classWeight: unknown): Promise<unknown> => {
    const model = unroll.sequential(
      unroll.input({ shape: [2] }),
      unroll.dense({ units: 3, activation: "softmax" }),
    );
    model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
    return refusal(
      { call: (options: object) => model.fit([[1, 2]], [[1]], options) },
      { classWeight, verbose: 0 },
    );
  };

  test.each(["foo", "", "3", "-1", "1.5", "01", "NaN", "Infinity"])("the key %j", async (key) => {
    const error = await weighed({ 0: 1, [key]: 1 });
    expect(error).toBeInstanceOf(UnrollError);
    expect((error as UnrollError).message).toContain(`classes from 0 to 2, got "${key}"`);
  });

  test.each(Object.entries(suspects).filter(([name]) => !from0.includes(name)))("%s", async (_, value) => {
    const error = await weighed({ 0: 1, 1: value });
    expect(error).toBeInstanceOf(UnrollError);
    expect((error as UnrollError).message).toContain("classWeight, class 1: expected a number of 0 or more");
  });

  test("a Map", async () => {
    expect(String(await weighed(new Map([[1, 5]])))).toContain("got an object of class Map");
  });

  test("takes what is right", async () => {
    for (const right of [{}, { 0: 0 }, { 0: 1, 1: 5, 2: 0.5 }]) expect(await weighed(right)).toBeNull();
  });
});

describe.each(Object.entries(positions))("%s", (_, { call, usual, right }) => {
  test.each(right.map((takes, k) => [k, takes] as const))("position %i", async (k, takes) => {
    for (const [suspect, value] of Object.entries({ ...suspects, nothing: undefined })) {
      if (takes.includes(suspect)) continue;
      const error = await refusal({ call: (given) => call(...(usual.with(k, given) as never[])) }, value);
      expect(error, `${suspect} is refused`).toBeInstanceOf(UnrollError);
    }
  });
});
