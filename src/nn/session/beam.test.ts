import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draws } from "../../../test/draws.ts";
import { type BeamSearch, beamSearch, type Hypothesis, type Live } from "./beam.ts";

/** A model of tokens 0 to 2, whose last one ends: log-probabilities after any beginning, by a table of contexts. */
const words = 3;
const end = words - 1;
type Model = (tokens: readonly number[]) => readonly number[];

/** Each beginning has probabilities of its own, drawn from `seed`. */
function modelOf(seed: number): Model {
  return (tokens) => {
    const hash = tokens.reduce((sum, token) => Math.imul(sum ^ (token + 1), 0x9e3779b1), seed | 1) >>> 0;
    const draw = draws(hash);
    const logits = Array.from({ length: words }, () => 2 * draw());
    const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
    return logits.map((x) => x - Math.log(total));
  };
}

const search = (model: Model, options: Partial<BeamSearch> = {}): Promise<readonly Hypothesis[]> =>
  beamSearch({
    first: model([]),
    step: (live) => live.map(({ tokens }) => model(tokens)),
    ends: (tokens) => tokens.at(-1) === end,
    width: 3,
    maxLength: 4,
    ...options,
  });

/** Every sequence that ends, or has `maxLength` tokens, the best first. */
function everything(model: Model, maxLength: number, alpha: number): readonly Hypothesis[] {
  const found: Hypothesis[] = [];
  const visit = (tokens: readonly number[], logProbability: number): void => {
    if (tokens.at(-1) === end || tokens.length === maxLength) {
      found.push({ tokens, logProbability, score: logProbability / ((5 + tokens.length) / 6) ** alpha });
      return;
    }
    for (const [token, p] of model(tokens).entries()) visit([...tokens, token], logProbability + p);
  };
  visit([], 0);
  return found.sort((a, b) => b.score - a.score);
}

const seeds = fc.integer({ min: 1, max: 2 ** 31 });
const penalties = fc.constantFrom(0, 0.6, 1, 3);

describe("beam search", () => {
  test("wide enough finds the best of all sequences, in their order", async () => {
    const wide = words ** 4;
    await fc.assert(
      fc.asyncProperty(seeds, penalties, fc.integer({ min: 1, max: 6 }), async (seed, alpha, nBest) => {
        const model = modelOf(seed);
        const found = await search(model, { width: wide, lengthPenalty: alpha, nBest });
        const all = everything(model, 4, alpha).slice(0, nBest);
        expect(found.map(({ tokens }) => tokens)).toEqual(all.map(({ tokens }) => tokens));
        for (const [k, { score, logProbability }] of found.entries()) {
          expect(score).toBeCloseTo(all[k]?.score ?? Number.NaN, 12);
          expect(logProbability).toBeCloseTo(all[k]?.logProbability ?? Number.NaN, 12);
        }
      }),
      { seed: 1 },
    );
  });

  test("of width 1 is the greedy choice", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, penalties, async (seed, lengthPenalty) => {
        const model = modelOf(seed);
        const greedy: number[] = [];
        while (greedy.length < 7 && greedy.at(-1) !== end) {
          const scores = model(greedy);
          greedy.push(scores.indexOf(Math.max(...scores)));
        }
        const [best] = await search(model, { width: 1, maxLength: 7, lengthPenalty });
        expect(best?.tokens).toEqual(greedy);
      }),
      { seed: 1 },
    );
  });

  test("finds what the greedy choice misses", async () => {
    // 0 is likelier than 1 at first, but what follows 1 is certain
    const model: Model = (tokens) =>
      (tokens.length === 0 ? [0.6, 0.4, 0] : tokens[0] === 0 ? [0.5, 0.5, 0] : [0, 1, 0]).map(Math.log);
    const found = (width: number) => search(model, { width, maxLength: 2, lengthPenalty: 0 });
    expect((await found(1))[0]).toEqual({
      tokens: [0, 0],
      logProbability: Math.log(0.6) + Math.log(0.5),
      score: Math.log(0.6) + Math.log(0.5),
    });
    expect((await found(2))[0]?.tokens).toEqual([1, 1]);
    expect((await found(2))[0]?.score).toBe(Math.log(0.4));
  });

  test("a length penalty lets longer ones win", async () => {
    // [2] has 0.4; [0, 0, 2] has 0.35
    const model: Model = (tokens) =>
      (tokens.length === 0 ? [0.35, 0.25, 0.4] : tokens.length === 1 ? [1, 0, 0] : [0, 0, 1]).map(Math.log);
    expect((await search(model, { lengthPenalty: 0 }))[0]?.tokens).toEqual([2]);
    const [best] = await search(model, { lengthPenalty: 1 });
    expect(best?.tokens).toEqual([0, 0, 2]);
    expect(best?.score).toBeCloseTo(Math.log(0.35) / (8 / 6), 14);
  });

  test("every hypothesis goes on from the row that it came from", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const model = modelOf(seed);
        let rows: readonly (readonly number[])[] = [[]]; // what each row has been given
        const step = (live: readonly Live[]) => {
          expect(live.length).toBeLessThanOrEqual(3);
          rows = live.map(({ parent, tokens }) => [...(rows[parent] ?? []), tokens.at(-1) as number]);
          expect(rows).toEqual(live.map(({ tokens }) => tokens));
          return live.map(({ tokens }) => model(tokens));
        };
        expect(await search(model, { step })).toEqual(await search(model));
      }),
      { seed: 1 },
    );
  });

  test("stops when nothing live can become better", async () => {
    const model: Model = (tokens) => (tokens.length === 0 ? [0.01, 0, 0.99] : [0.5, 0.4, 0.1]).map(Math.log);
    let steps = 0;
    const step = (live: readonly Live[]) => {
      steps++;
      return live.map(({ tokens }) => model(tokens));
    };
    const [best] = await search(model, { step, maxLength: 1000, lengthPenalty: 0 });
    expect(best?.tokens).toEqual([end]);
    expect(steps).toBe(0);
  });

  test("without room there is one hypothesis, of no tokens", async () => {
    expect(await search(modelOf(1), { maxLength: 0 })).toEqual([{ tokens: [], logProbability: 0, score: 0 }]);
  });

  test("gives up at a signal, with the best so far", async () => {
    const stopping = new AbortController();
    const model = modelOf(7);
    const step = (live: readonly Live[]) => {
      stopping.abort();
      return live.map(({ tokens }) => model(tokens));
    };
    const [best] = await search(model, { step, ends: () => false, maxLength: 50, signal: stopping.signal });
    expect(best?.tokens.length).toBe(2);
  });
});
