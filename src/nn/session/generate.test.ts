import { beforeEach, describe, expect, test } from "vitest";
import { setDevice } from "../device.ts";
import { activation } from "../layers/activation.ts";
import { bidirectional } from "../layers/bidirectional.ts";
import { dense } from "../layers/dense.ts";
import { embedding } from "../layers/embedding.ts";
import { input } from "../layers/input.ts";
import { gru, lstm } from "../layers/recurrent.ts";
import { type Tensor, tensor } from "../model/tensor.ts";
import { functional, sequential } from "../models.ts";
import type { CausalTokenModel } from "../modelTypes.ts";
import { softmax } from "../operators.ts";
import type { GenerateOptions } from "./generate.ts";

beforeEach(() => setDevice("wasm", { threads: 1 }));

const words = 7;
const tokens = () => input({ shape: [null], dtype: "int32" });
const table = () => embedding({ inputDim: words, outputDim: 4 });

/** Weights large enough that texts differ, and no biases. */
function lively<M extends CausalTokenModel>(model: M, scale = 4): M {
  let state = 5;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  };
  const changed = ({ shape, data }: Tensor): Tensor =>
    tensor(Float32Array.from(data, shape.length > 1 ? next : () => 0), shape);
  model.setWeights(model.getWeights().map(changed));
  return model;
}
const logitsModel = () =>
  lively(sequential(tokens(), table(), lstm({ units: 6, returnSequences: true }), dense({ units: words })));
const lastModel = () => lively(sequential(tokens(), table(), gru({ units: 6 }), dense({ units: words })));

const prompt = [1, 2, 3];

describe("generate", () => {
  test.each([
    ["all outputs", logitsModel],
    ["the last output", lastModel],
  ])("greedy: what predict finds likeliest, of a model that returns %s", async (_, make) => {
    const model = make();
    const text = [...prompt];
    for (let k = 0; k < 12; k++) {
      const { data } = (await model.predict([text])) as Tensor;
      const scores = [...data.slice(-words)];
      text.push(scores.indexOf(Math.max(...scores)));
    }
    const made = await model.generate({ prompt, length: 12, temperature: 0 });
    expect(made).toEqual(text.slice(3));
    expect(new Set(made).size).toBeGreaterThan(1);
  });

  test("the same seed makes the same tokens, another one others", async () => {
    const model = logitsModel();
    const made = (seed?: number) =>
      model.generate({ prompt, length: 60, temperature: 3, ...(seed === undefined ? {} : { seed }) });
    expect(await made(1)).toEqual(await made(1));
    expect(await made(1)).not.toEqual(await made(2));
    expect(await made()).toEqual(await made(0)); // the seed of the model
  });

  test("tokens come with the probabilities of the model", async () => {
    const model = lively(sequential(tokens(), table(), lstm({ units: 6 }), dense({ units: words })), 1.5);
    const { data } = (await model.predict([prompt])) as Tensor;
    const powers = [...data].map(Math.exp);
    const total = powers.reduce((sum, x) => sum + x, 0);
    const counts = Array.from({ length: words }, () => 0);
    const texts = 600;
    for (let seed = 0; seed < texts; seed++)
      counts[(await model.generate({ prompt, length: 1, seed }))[0] ?? 0]!++;
    for (const [k, power] of powers.entries()) {
      const p = power / total;
      expect(Math.abs(counts[k]! / texts - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / texts)); // four deviations
    }
  });

  test("probabilities are taken as such, however the softmax was written", async () => {
    const options = { prompt, length: 40, temperature: 0.7, topK: 5, topP: 0.9, seed: 3 };
    const x = tokens();
    const scores = dense({ units: words })(lstm({ units: 6, returnSequences: true })(table()(x)));
    const body = () => [table(), lstm({ units: 6, returnSequences: true })] as const;
    const expected = await logitsModel().generate(options);
    for (const model of [
      lively(sequential(tokens(), ...body(), dense({ units: words, activation: "softmax" }))),
      lively(sequential(tokens(), ...body(), dense({ units: words }), activation("softmax"))),
      lively(functional({ inputs: x, outputs: softmax(scores) })),
    ])
      expect(await model.generate(options)).toEqual(expected);
  });

  test("ends after a stop token, which is the last", async () => {
    const model = logitsModel();
    const options = { prompt, length: 50, temperature: 3 };
    const whole = await model.generate(options);
    const stop = whole[5] ?? 0;
    const end = whole.indexOf(stop) + 1;
    expect(await model.generate({ ...options, stop })).toEqual(whole.slice(0, end));
    expect(await model.generate({ ...options, stop: [stop] })).toEqual(whole.slice(0, end));
    expect(await model.generate({ ...options, stop: [] })).toEqual(whole);
    expect(await model.generate({ ...options, length: 0 })).toEqual([]);
  });

  test("takes the typed arrays of tokenizers", async () => {
    const model = logitsModel();
    const expected = await model.generate({ prompt, length: 5 });
    expect(await model.generate({ prompt: Int32Array.from(prompt), length: 5 })).toEqual(expected);
  });

  test("leaves states and random numbers of the model as they were", async () => {
    const model = logitsModel();
    const first = await model.generate({ prompt, length: 20 });
    expect(await model.generate({ prompt, length: 20 })).toEqual(first);
  });
});

describe("stream", () => {
  test("gives the tokens of generate one by one, and may be left at any time", async () => {
    const model = logitsModel();
    const options = { prompt, length: 20, temperature: 2, seed: 4 };
    const expected = await model.generate(options);
    const made: number[] = [];
    for await (const token of model.stream(options)) made.push(token);
    expect(made).toEqual(expected);
    for await (const token of model.stream(options)) {
      expect(token).toBe(expected[0]);
      break;
    }
  });

  test("ends at a signal, with what was made", async () => {
    const model = logitsModel();
    const stopping = new AbortController();
    const made: number[] = [];
    for await (const token of model.stream({ prompt, length: 20, signal: stopping.signal })) {
      made.push(token);
      if (made.length === 3) stopping.abort();
    }
    expect(made).toEqual((await model.generate({ prompt, length: 20 })).slice(0, 3));
    expect(await model.generate({ prompt, length: 20, signal: stopping.signal })).toEqual([]);
  });

  test("lets others have a turn", async () => {
    const model = logitsModel();
    const stopping = new AbortController();
    setTimeout(() => stopping.abort(), 100);
    const length = 10_000_000;
    expect((await model.generate({ prompt, length, signal: stopping.signal })).length).toBeLessThan(length);
  });

  test("keeps the weights it began with", async () => {
    const model = logitsModel();
    const expected = await model.generate({ prompt, length: 30 });
    const made: number[] = [];
    for await (const token of model.stream({ prompt, length: 30 })) {
      if (made.push(token) === 5) lively(model, 1);
    }
    expect(made).toEqual(expected);
    expect(await model.generate({ prompt, length: 30 })).not.toEqual(expected);
  });

  test("throws at once when the options are wrong", () => {
    expect(() => logitsModel().stream({ prompt: [], length: 3 })).toThrow(/model\.stream\(options\), prompt/);
  });
});

describe("refuses", () => {
  test.each<[string, object, RegExp]>([
    ["no prompt", { length: 3 }, /expected the option prompt, got none/],
    ["an empty prompt", { prompt: [], length: 3 }, /prompt: expected an array of tokens, at least one/],
    ["a text as a prompt", { prompt: "The", length: 3 }, /prompt: expected an array of tokens/],
    [
      "a token that is none",
      { prompt: [1, 7], length: 3 },
      /prompt, token 1: expected a token from 0 to 6, got 7/,
    ],
    ["a fraction", { prompt: [0.5], length: 3 }, /token 0: .*got 0\.5/],
    ["no length", { prompt }, /expected the option length/],
    ["a length below 0", { prompt, length: -1 }, /length: expected a whole number/],
    [
      "a temperature below 0",
      { prompt, length: 1, temperature: -1 },
      /temperature: expected a number of 0 or more, got -1/,
    ],
    ["a temperature that is no number", { prompt, length: 1, temperature: Number.NaN }, /temperature/],
    ["topK 0", { prompt, length: 1, topK: 0 }, /topK: expected a whole number of 1 or more/],
    ["topP above 1", { prompt, length: 1, topP: 1.1 }, /topP: expected a number above 0, up to 1/],
    ["a seed below 0", { prompt, length: 1, seed: -3 }, /seed/],
    ["a text as stop", { prompt, length: 1, stop: "." }, /stop: expected a token or an array of tokens/],
    ["a misspelt option", { prompt, length: 1, topk: 3 }, /Did you mean "topK"\?/],
  ])("%s", async (_, options, message) => {
    await expect(logitsModel().generate(options as GenerateOptions)).rejects.toThrow(message);
  });

  test("a model that looks ahead, and names the layer", async () => {
    const model = sequential(
      tokens(),
      table(),
      bidirectional(gru({ units: 3, returnSequences: true })),
      dense({ units: words }),
    );
    // @ts-expect-error Property 'generate' does not exist on type 'ModelThatLooksAhead<...>'
    await expect(model.generate({ prompt, length: 1 })).rejects.toThrow(
      /model\.generate.*"bidirectional_1", which looks ahead/,
    );
  });

  test("a model of numbers", async () => {
    const model = sequential(input({ shape: [null, 2] }), gru({ units: 3 }));
    // @ts-expect-error Property 'generate' does not exist on type 'CausalModel<...>'
    await expect(model.generate({ prompt, length: 1 })).rejects.toThrow(
      /expected a model of one input, tokens, .*got one that takes a sequence/,
    );
  });

  test("a model with more scores than tokens", async () => {
    const model = sequential(tokens(), table(), gru({ units: 3 }), dense({ units: 9 }));
    await expect(model.generate({ prompt, length: 1 })).rejects.toThrow(
      /one score for each of the 7 tokens.*\[batch, 9\].*dense\(\{ units: 7 \}\)/,
    );
  });

  test("scores that are not finite", async () => {
    const model = logitsModel();
    model.setWeights(
      model.getWeights().map(({ shape, data }) =>
        tensor(
          data.map(() => 3e38),
          shape,
        ),
      ),
    );
    await expect(model.generate({ prompt, length: 2 })).rejects.toThrow(
      /expected finite scores from the model/,
    );
  });
});
