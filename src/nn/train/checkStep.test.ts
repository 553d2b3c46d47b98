import { describe, expect, test } from "vitest";
import { UnrollError } from "../../errors.ts";
import { dense } from "../layers/dense.ts";
import { input } from "../layers/input.ts";
import { gru, lstm } from "../layers/recurrent.ts";
import { functional, sequential } from "../models.ts";

describe("what model.step is given", () => {
  const model = sequential(input({ shape: [2] }), dense({ units: 1 }));
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const batch = { x: [[1, 2]], y: [[1]] };
  const step = model.step as unknown as (...given: unknown[]) => Promise<unknown>;
  test.each([
    ["nothing", [], /batch: expected \{ x, y \}, got undefined/],
    ["no batch", [model.getWeights(), null], /batch/],
    [
      "weights that are none",
      [[1], null, batch],
      /model\.step\(weights, \.\.\.\): expected 2 weights, got 1/,
    ],
    ["a state that is none", [model.getWeights(), {}, batch], /optimizerState.*an object with nothing/],
  ])("%s", async (_, given, message) => {
    await expect(step(...given)).rejects.toThrow(UnrollError);
    await expect(step(...given)).rejects.toThrow(message);
  });
});

describe("a first state given by a symbol", () => {
  const sequence = input({ shape: [null, 4] });
  test("of another width is refused", async () => {
    const vector = input({ shape: [5] });
    const outputs = gru({ units: 3 })(sequence, { initialState: { h: vector } as never });
    const model = functional({ inputs: [sequence, vector], outputs });
    await expect(model.predict([[[[1, 2, 3, 4]]], [[1, 1, 1, 9, 9]]] as never)).rejects.toThrow(
      /initialState\.h: expected a vector \[batch, 3\], got a symbol of shape \[batch, 5\]/,
    );
  });
  test("for one state of two is refused", () => {
    const vector = input({ shape: [3] });
    const call = (): unknown => lstm({ units: 3 })(sequence, { initialState: { h: vector } as never });
    expect(call).toThrow(
      /layer "lstm", initialState\(options\): expected the option c, got none. Add c: a symbol/,
    );
  });
  test.each<[unknown, RegExp]>([
    [{ initialStates: {} }, /layer "lstm", call\(options\): .*Did you mean "initialState"\?/],
    [
      { initialState: null },
      /layer "lstm", call\(options\), initialState: expected a plain object, got null/,
    ],
    [null, /expected a plain object, got null/],
    [5, /expected a plain object, got 5/],
  ])("as %j is refused", (options, message) => {
    expect(() => lstm({ units: 3 })(sequence, options as never)).toThrow(message);
  });
});

test.each<[string, unknown, RegExp]>([
  [
    "another name",
    { bach: 2 },
    /model\.session\(options\): expected an option that it knows, got "bach".*"batch"/,
  ],
  ["no streams", { batch: 0 }, /batch: expected a whole number from 1 to 1048576, got 0/],
  ["half a stream", { batch: 1.5 }, /got 1\.5/],
  ["a number", 4, /expected a plain object, got 4/],
])("a session of %s is refused", (_, options, message) => {
  const model = sequential(input({ shape: [null, 2] }), gru({ units: 2 }));
  const session = model.session.bind(model) as unknown as (options?: unknown) => unknown;
  expect(() => session(options)).toThrow(message);
  expect(() => session({ batch: undefined })).not.toThrow();
});
