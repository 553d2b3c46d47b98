/** What a seq2seq generates: the best there is, whatever stands beside it in the batch. */
import { beforeEach, describe, expect, test } from "vitest";
import { currentDevice, setDevice } from "../device.ts";
import { bidirectional } from "../layers/bidirectional.ts";
import { conv1d } from "../layers/conv1d.ts";
import { delayTaps } from "../layers/delayTaps.ts";
import { dense } from "../layers/dense.ts";
import { embedding } from "../layers/embedding.ts";
import { initializers } from "../layers/initializers.ts";
import { input } from "../layers/input.ts";
import { masking } from "../layers/masking.ts";
import { positionalEncoding } from "../layers/positionalEncoding.ts";
import { gru, lstm } from "../layers/recurrent.ts";
import { columnOf } from "../model/data.ts";
import { networkOf } from "../model/network.ts";
import { predict } from "../model/predict.ts";
import { type Ragged, ragged } from "../model/ragged.ts";
import { setSeed } from "../seed.ts";
import { decoderOf } from "./decoder.ts";
import { halvesOf } from "./parts.ts";
import { type Seq2seq, seq2seq } from "./seq2seq.ts";

const [startToken, endToken] = [4, 0];
const sources = [[1, 2, 3], [4], [0, 0, 4, 2, 1, 3], [2, 2], [3, 1, 4, 1]];
const films = sources.map((tokens) => tokens.map((token) => [Math.sin(token), token / 3]));

beforeEach(() => {
  setDevice("wasm", { threads: 1 });
  setSeed(5);
});

/** In some films a step is zeros: masked, it does not count. */
const kinds = ["none", "dot", "additive", "masked", "windows"] as const;
/** They see tokens before the last one too. */
const windows = [
  conv1d({ filters: 4, kernelSize: 3, padding: "causal" }),
  delayTaps({ taps: 2, dilationRate: 2 }),
  positionalEncoding(),
] as const;

/** Untrained, with large weights, so that no token is sure and none is out of the question. */
function untrained(kind: (typeof kinds)[number] = "none"): Seq2seq {
  const wide = initializers.randomNormal({ stddev: 1.5 });
  return seq2seq({
    encoder: [
      input({ shape: [null, 2] }),
      ...(kind === "masked" ? [masking()] : []),
      bidirectional(gru({ units: 3, returnSequences: true, kernelInitializer: "glorotUniform" })),
    ],
    decoder: [
      embedding({ inputDim: 5, outputDim: 4, embeddingsInitializer: wide }),
      gru({ units: 6, returnSequences: true }),
      ...((kind === "windows" ? windows : []) as readonly never[]),
      lstm({ units: 5, returnSequences: true }),
      dense({ units: 4, kernelInitializer: wide }),
    ],
    attention: kind === "masked" || kind === "windows" ? "dot" : kind,
    startToken,
    endToken,
  }) as unknown as Seq2seq;
}

/** Logits behind each token of `tokens`, by the network that is trained, all steps in one run. */
async function logitsOf(
  model: Seq2seq,
  film: readonly number[][],
  tokens: readonly number[],
): Promise<number[][]> {
  const given = { source: [film], target: [[startToken, ...tokens]] };
  const made = await predict(networkOf(model), given, {}, currentDevice());
  return ((made as Ragged).toArray() as number[][][])[0] as number[][];
}

describe.each(["wasm", "reference"] as const)("on %s", (device) => {
  test.each(kinds)(
    "step by step the decoder gives the bits of the network that is trained: %s",
    async (kind) => {
      setDevice(device, { threads: 1 });
      const model = untrained(kind);
      const { encoder, decoder } = halvesOf(networkOf(model));
      const codes = (await predict(encoder, ragged(films), {}, currentDevice())) as readonly unknown[];
      const given = codes.map((code, k) => {
        const { symbol, time } = decoder.inputs[k + 1] as (typeof decoder.inputs)[number];
        return columnOf(code, { axes: symbol.axes, dtype: symbol.dtype, time }, "");
      });
      const steps = decoderOf(decoder, currentDevice(), given);
      const rows = films.map((_, k) => k);
      const tokens = [2, 3, 1];
      const expected = await Promise.all(films.map((film) => logitsOf(model, film, tokens)));
      for (const [t, token] of [startToken, ...tokens].entries()) {
        const scores = await steps.step({
          sources: rows,
          parents: rows,
          tokens: Int32Array.from(rows, () => token),
        });
        const wanted = expected.map((row) => row[t] as number[]);
        if (device === "wasm") expect([...scores]).toEqual(wanted.flat());
        // The states between steps are float32 here, float64 there.
        else wanted.flat().forEach((x, k) => expect(scores[k]).toBeCloseTo(x, 5));
      }
    },
  );
});

test("a wide beam finds the best of all targets", async () => {
  const model = untrained();
  const maxLength = 3;
  const alpha = 0.6;
  /** All targets: with an end, or as long as may be. */
  const all = (tokens: readonly number[]): readonly (readonly number[])[] =>
    tokens.at(-1) === endToken || tokens.length === maxLength
      ? [tokens]
      : [0, 1, 2, 3].flatMap((token) => all([...tokens, token]));
  const candidates = [0, 1, 2, 3].flatMap((token) => all([token]));
  expect(candidates).toHaveLength(1 + 3 + 9 * 4);
  for (const film of films) {
    const scored = await Promise.all(
      candidates.map(async (tokens) => {
        const logits = await logitsOf(model, film, tokens.slice(0, -1));
        const logProbability = tokens.reduce((sum, token, t) => {
          const row = logits[t] as number[];
          return sum + (row[token] as number) - Math.log(row.reduce((total, x) => total + Math.exp(x), 0));
        }, 0);
        return { tokens, score: logProbability / ((5 + tokens.length) / 6) ** alpha };
      }),
    );
    scored.sort((a, b) => b.score - a.score);
    const [found] = await model.generate([film] as never, { maxLength, beam: 64, nBest: 40 });
    expect(found).toHaveLength(candidates.length);
    found?.forEach(({ tokens, score }, k) => {
      expect(score).toBeCloseTo(scored[k]?.score as number, 5);
      if (k < 5) expect(tokens).toEqual(scored[k]?.tokens.filter((token) => token !== endToken));
    });
  }
});

test("greedy takes the likeliest token at every step", async () => {
  const model = untrained();
  const found = await model.generate(films as never, { maxLength: 6 });
  for (const [k, film] of films.entries()) {
    const tokens: number[] = [];
    while (tokens.length < 6) {
      const scores = (await logitsOf(model, film, tokens)).at(-1) as number[];
      const token = scores.indexOf(Math.max(...scores));
      if (token === endToken) break;
      tokens.push(token);
    }
    expect(found[k]).toEqual(tokens);
  }
});

test.each(kinds)(
  "a source has the same bits alone, in company, and in parts of a batch: %s",
  async (kind) => {
    const model = untrained(kind);
    const options = { maxLength: 7, beam: 3, nBest: 3 };
    const together = await model.generate(films as never, options);
    for (const [k, film] of films.entries())
      expect(await model.generate([film] as never, options)).toEqual([together[k]]);
    expect(await model.generate(films as never, { ...options, batchSize: 2 })).toEqual(together);
    const turned = await model.generate([...films].reverse() as never, options);
    expect([...turned].reverse()).toEqual(together);
  },
);

test("lengths 0 and 1, and no step at all", async () => {
  const model = untrained();
  const found = await model.generate([[], [[1, 2]]] as never, { maxLength: 4 });
  expect(found).toHaveLength(2);
  expect(await model.generate([[[1, 2]]] as never, { maxLength: 4 })).toEqual([found[1]]);
  expect(await model.generate(films as never, { maxLength: 0 })).toEqual(films.map(() => []));
  for (const tokens of await model.generate(films as never, { maxLength: 1 }))
    expect(tokens.length).toBeLessThan(2);
});

test("weights that have changed count at once", async () => {
  const model = untrained();
  const before = await model.generate(films as never, { maxLength: 5, beam: 2, nBest: 1 });
  const kept = model.getWeights();
  setSeed(9);
  model.setWeights(untrained().getWeights());
  expect(await model.generate(films as never, { maxLength: 5, beam: 2, nBest: 1 })).not.toEqual(before);
  model.setWeights(kept);
  expect(await model.generate(films as never, { maxLength: 5, beam: 2, nBest: 1 })).toEqual(before);
});

test("a signal ends it early", async () => {
  const stop = new AbortController();
  stop.abort();
  expect(await untrained().generate(films as never, { maxLength: 5, signal: stop.signal })).toEqual(
    films.map(() => []),
  );
});
