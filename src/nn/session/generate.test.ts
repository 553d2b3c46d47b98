import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { draws } from "../../../test/draws.ts";
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
import type { GenerateOptions } from "./generateOptions.ts";

beforeEach(() => setDevice("wasm", { threads: 1 }));

const words = 7;
const tokens = () => input({ shape: [null], dtype: "int32" });
const table = () => embedding({ inputDim: words, outputDim: 4 });

/** Weights large enough that texts differ, and no biases. */
function lively<M extends CausalTokenModel>(model: M, scale = 4): M {
  const draw = draws(5);
  const next = (): number => draw() * scale;
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

  test("each token is drawn anew, as often as it is likely", async () => {
    const model = lively(logitsModel(), 0); // all are alike
    const made = await model.generate({ prompt, length: 700, temperature: 1 });
    const counts = Array.from({ length: words }, (_, token) => made.filter((one) => one === token).length);
    const pairs = new Set(made.slice(1).map((token, k) => words * (made[k] ?? 0) + token));
    expect(Math.min(...counts)).toBeGreaterThan(60); // of 100, with a deviation of 9
    expect(Math.max(...counts)).toBeLessThan(140);
    expect(pairs.size).toBe(words * words);
  });

  test("the same seed makes the same tokens, another one others", async () => {
    const model = logitsModel();
    const made = (seed?: number) =>
      model.generate({ prompt, length: 60, temperature: 3, ...(seed === undefined ? {} : { seed }) });
    expect(await made(1)).toEqual(await made(1));
    expect(await made(1)).not.toEqual(await made(2));
    expect(await made()).toEqual(await made(0)); // the seed of the model
  });

  test("the same seed makes the same tokens, whatever the options, also one by one", async () => {
    const model = logitsModel();
    const maybe = <T>(x: fc.Arbitrary<T>) => fc.option(x, { nil: undefined });
    const token = fc.nat(words - 1);
    const drawing = fc.record({
      temperature: maybe(fc.double({ min: 0, max: 5, noNaN: true })),
      topK: maybe(fc.integer({ min: 1, max: 9 })),
      topP: maybe(fc.double({ min: 0.01, max: 1, noNaN: true })),
    });
    const searching = fc.record({
      beam: fc.integer({ min: 1, max: 5 }),
      lengthPenalty: maybe(fc.double({ min: 0, max: 3, noNaN: true })),
    });
    const shared = fc.record({
      prompt: fc.array(token, { minLength: 1, maxLength: 4 }),
      length: fc.nat(12),
      seed: fc.nat(),
      repetitionPenalty: maybe(fc.double({ min: 0.5, max: 3, noNaN: true })),
      stop: maybe(
        fc.array(fc.oneof(token, fc.array(token, { minLength: 1, maxLength: 2 })), { maxLength: 2 }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(shared, fc.oneof(drawing, searching), async (options, how) => {
        const all = { ...options, ...how };
        const made = await model.generate(all);
        expect(await model.generate(all)).toEqual(made);
        const streamed: number[] = [];
        for await (const one of model.stream(all)) streamed.push(one);
        expect(streamed).toEqual(made);
        expect(made.length).toBeLessThanOrEqual(all.length);
        const ends = (all.stop ?? []).map((end) => [end].flat());
        const endsAt = (k: number): boolean =>
          ends.some((end) => end.every((x, j) => x === made[k + 1 - end.length + j]));
        const first = made.findIndex((_, k) => endsAt(k));
        expect(made.length).toBe(first < 0 ? all.length : first + 1);
      }),
      { numRuns: 60, seed: 1 },
    );
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

  test("ends after a sequence of stop tokens, not after a part of it", async () => {
    const model = logitsModel();
    const options = { prompt, length: 50, temperature: 3 };
    const whole = await model.generate(options);
    const stop = whole.slice(6, 8);
    const end = whole.findIndex((token, k) => token === stop[0] && whole[k + 1] === stop[1]) + 2;
    expect(await model.generate({ ...options, stop: [stop] })).toEqual(whole.slice(0, end));
    const follows = (next: number): boolean =>
      whole.some((_, k) => [...stop, next].every((token, j) => whole[k + j] === token));
    const never = [0, 1, 2, 3, 4, 5, 6].find((token) => !follows(token)) as number;
    const other = [...stop, never];
    expect(await model.generate({ ...options, stop: [other] })).toEqual(whole);
    const first = Math.min(end, whole.indexOf(whole[4] as number) + 1);
    expect(await model.generate({ ...options, stop: [stop, whole[4] as number] })).toEqual(
      whole.slice(0, first),
    );
  });

  test("with a repetition penalty: what predict finds likeliest when it counts", async () => {
    const model = logitsModel();
    const penalty = 1.7;
    const text = [...prompt];
    for (let k = 0; k < 12; k++) {
      const { data } = (await model.predict([text])) as Tensor;
      const scores = [...data.slice(-words)].map((x, token) =>
        !text.includes(token) ? x : x > 0 ? x / penalty : x * penalty,
      );
      text.push(scores.indexOf(Math.max(...scores)));
    }
    const options = { prompt, length: 12, temperature: 0 };
    expect(await model.generate({ ...options, repetitionPenalty: penalty })).toEqual(text.slice(3));
    expect(await model.generate(options)).not.toEqual(text.slice(3));
    expect(await model.generate({ ...options, repetitionPenalty: 1 })).toEqual(await model.generate(options));
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

/** log p of every sequence of `length` tokens behind the prompt, the likeliest first, from what predict gives. */
async function everySequence(model: ReturnType<typeof logitsModel>, length: number) {
  const sequences = Array.from({ length: words ** length }, (_, n) =>
    Array.from({ length }, (__, k) => Math.floor(n / words ** k) % words),
  );
  const texts = sequences.map((tokens) => [...prompt, ...tokens]);
  const { data, shape } = (await model.predict(texts)) as Tensor;
  const steps = shape[1] ?? 0;
  const logProbabilityOf = (row: number, step: number, token: number): number => {
    const from = (row * steps + step) * words;
    const logits = [...data.slice(from, from + words)];
    return (logits[token] ?? 0) - Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
  };
  const found = sequences.map((tokens, row) => ({
    tokens,
    logProbability: tokens.reduce(
      (sum, token, k) => sum + logProbabilityOf(row, prompt.length - 1 + k, token),
      0,
    ),
  }));
  return found.sort((a, b) => b.logProbability - a.logProbability);
}

describe("a beam", () => {
  test.each([
    ["all outputs", logitsModel],
    ["the last output", lastModel],
  ])("of 1 is the greedy choice, of a model that returns %s", async (_, make) => {
    const model = make();
    for (const repetitionPenalty of [1, 1.3]) {
      const options = { prompt, length: 15, repetitionPenalty };
      expect(await model.generate({ ...options, beam: 1 })).toEqual(
        await model.generate({ ...options, temperature: 0 }),
      );
    }
  });

  test("wide enough finds the likeliest of all sequences, in their order", async () => {
    const model = lively(
      sequential(tokens(), table(), lstm({ units: 6, returnSequences: true }), dense({ units: words })),
      1,
    );
    const all = await everySequence(model, 3);
    const best = await model.generate({ prompt, length: 3, beam: words ** 2, nBest: 10, lengthPenalty: 0 });
    expect(best.map(({ tokens: made }) => made)).toEqual(all.slice(0, 10).map(({ tokens: made }) => made));
    for (const [k, { score, logProbability }] of best.entries()) {
      expect(logProbability).toBeCloseTo(all[k]?.logProbability ?? Number.NaN, 5);
      expect(score).toBe(logProbability);
    }
    expect(await model.generate({ prompt, length: 3, beam: words ** 2 })).toEqual(all[0]?.tokens);
  });

  test("finds sequences at least as likely as the greedy one, and more with more room", async () => {
    const model = logitsModel();
    const scoreOf = async (beam: number): Promise<number> =>
      (await model.generate({ prompt, length: 20, beam, nBest: 1 }))[0]?.score ?? Number.NaN;
    const [one, many] = [await scoreOf(1), await scoreOf(50)];
    expect(many).toBeGreaterThan(one);
  });

  test("ends with a stop token where that is the better end", async () => {
    const model = logitsModel();
    const options = { prompt, length: 12, beam: 5, nBest: 5 };
    for (const found of await model.generate({ ...options, stop: [2, [3, 4]] })) {
      const text = found.tokens.join("");
      const end = text.search(/2|34/);
      expect(end < 0 ? text.length : end + (text[end] === "2" ? 1 : 2)).toBe(text.length);
      expect(found.score).toBeCloseTo(found.logProbability / ((5 + text.length) / 6) ** 0.6, 12);
    }
  });

  test("takes probabilities as such", async () => {
    const body = () => [table(), lstm({ units: 6, returnSequences: true })] as const;
    const model = lively(sequential(tokens(), ...body(), dense({ units: words, activation: "softmax" })));
    const options = { prompt, length: 9, beam: 4 };
    expect(await model.generate(options)).toEqual(await logitsModel().generate(options));
  });

  test("streams its tokens at the end", async () => {
    const model = logitsModel();
    const options = { prompt, length: 9, beam: 3, stop: 5 };
    const made: number[] = [];
    for await (const token of model.stream(options)) made.push(token);
    expect(made).toEqual(await model.generate(options));
  });

  test("ends at a signal", async () => {
    const stopping = new AbortController();
    stopping.abort();
    expect(await logitsModel().generate({ prompt, length: 5, beam: 3, signal: stopping.signal })).toEqual([]);
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
    const several = { prompt, length: 3, beam: 3, nBest: 2 };
    expect(() => logitsModel().stream(several)).toThrow(/a stream is one sequence.*model\.generate/);
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
    [
      "a stop that is no token",
      { prompt, length: 1, stop: [[1, 77]] },
      /stop, token 1: expected a token from 0/,
    ],
    ["an empty stop sequence", { prompt, length: 1, stop: [[]] }, /stop: expected a token or an array/],
    [
      "a penalty of 0",
      { prompt, length: 1, repetitionPenalty: 0 },
      /repetitionPenalty: expected a number above 0/,
    ],
    ["a beam of 0", { prompt, length: 1, beam: 0 }, /beam: expected a whole number from 1/],
    [
      "a temperature of a beam",
      { prompt, length: 1, beam: 2, temperature: 1 },
      /temperature: .*Leave out temperature/,
    ],
    ["the n best of none", { prompt, length: 1, nBest: 2 }, /nBest: expected beam beside it/],
    ["a length penalty of none", { prompt, length: 1, lengthPenalty: 1 }, /lengthPenalty: expected beam/],
    [
      "more than there are",
      { prompt, length: 1, beam: 2, nBest: 3 },
      /nBest: expected 2 at most, as beam says, got 3/,
    ],
    [
      "a negative length penalty",
      { prompt, length: 1, beam: 2, lengthPenalty: -1 },
      /lengthPenalty: expected/,
    ],
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
