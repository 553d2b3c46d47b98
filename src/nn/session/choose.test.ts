import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Choice, choose, penalized } from "./choose.ts";

const all: Choice = { temperature: 1, topK: null, topP: null };
const logits = Float64Array.of(
  Math.log(0.1),
  Math.log(0.4),
  Number.NEGATIVE_INFINITY,
  Math.log(0.3),
  Math.log(0.2),
);

/** How often each token comes, for draws spread evenly over [0, 1). */
function shares(choice: Partial<Choice>, scores: Float64Array = logits, draws = 1000): number[] {
  const counts = Array.from(scores, () => 0);
  for (let k = 0; k < draws; k++) counts[choose(scores, { ...all, ...choice }, (k + 0.5) / draws)]!++;
  return counts.map((count) => count / draws);
}
const near = (expected: readonly number[]): unknown[] => expected.map((x) => expect.closeTo(x, 2));

describe("the next token", () => {
  test("comes as often as the softmax says", () => {
    expect(shares({})).toEqual(near([0.1, 0.4, 0, 0.3, 0.2]));
  });

  test("at temperature 1/2 with probability p^2, normalized; at 2 with sqrt(p)", () => {
    expect(shares({ temperature: 0.5 })).toEqual(near([0.01, 0.16, 0, 0.09, 0.04].map((x) => x / 0.3)));
    const roots = [0.1, 0.4, 0, 0.3, 0.2].map(Math.sqrt);
    const total = roots.reduce((sum, x) => sum + x, 0);
    expect(shares({ temperature: 2 })).toEqual(near(roots.map((x) => x / total)));
  });

  test("at temperature 0 the likeliest, and of equals the first", () => {
    expect(shares({ temperature: 0 })).toEqual([0, 1, 0, 0, 0]);
    expect(choose(Float64Array.of(1, 3, 3), { ...all, temperature: 0 }, 0.9)).toBe(1);
  });

  test("of the k likeliest, and of equals the first", () => {
    expect(shares({ topK: 2 })).toEqual(near([0, 4 / 7, 0, 3 / 7, 0]));
    expect(shares({ topK: 1 })).toEqual([0, 1, 0, 0, 0]);
    expect(shares({ topK: 99 })).toEqual(near([0.1, 0.4, 0, 0.3, 0.2]));
    expect(shares({ topK: 2 }, Float64Array.of(0, 0, 0))).toEqual([0.5, 0.5, 0]);
  });

  test("of the fewest that have probability p together", () => {
    expect(shares({ topP: 0.65 })).toEqual(near([0, 4 / 7, 0, 3 / 7, 0]));
    expect(shares({ topP: 0.75 })).toEqual(near([0, 4 / 9, 0, 3 / 9, 2 / 9]));
    expect(shares({ topP: 1e-9 })).toEqual([0, 1, 0, 0, 0]);
    expect(shares({ topP: 1 })).toEqual(near([0.1, 0.4, 0, 0.3, 0.2]));
  });

  test("topP counts within what topK leaves", () => {
    // 0.4 / 0.9, 0.3 / 0.9: the first two have 0.78
    expect(shares({ topK: 3, topP: 0.77 })).toEqual(near([0, 4 / 7, 0, 3 / 7, 0]));
  });

  test("is one with a probability, whatever the scores, the choice and the draw", () => {
    const scores = fc.array(fc.float({ min: -200, max: 200, noNaN: true }), { minLength: 1, maxLength: 40 });
    const maybe = <T>(x: fc.Arbitrary<T>) => fc.option(x, { nil: null });
    const choice = fc.record({
      temperature: fc.constantFrom(1e-300, 0.01, 1, 50),
      topK: maybe(fc.integer({ min: 1, max: 50 })),
      topP: maybe(fc.constantFrom(1e-12, 0.3, 0.999999, 1)),
    });
    const draw = fc.constantFrom(0, 0.5, 1 - 2 ** -24);
    fc.assert(
      fc.property(scores, choice, draw, (x, how, at) => {
        const token = choose(Float64Array.of(...x, Number.NEGATIVE_INFINITY), how, at);
        expect(token).toBeLessThan(x.length);
        const before = x.filter((score, k) => score > x[token]! || (score === x[token] && k < token)).length;
        if (how.topK !== null) expect(before).toBeLessThan(how.topK);
      }),
      { seed: 1 },
    );
  });
});

describe("a repetition penalty", () => {
  test("divides above 0, multiplies below, and leaves others alone", () => {
    const seen = new Set([0, 1, 2, 9]);
    expect([...penalized(Float64Array.of(3, -3, 0, 3, -3), seen, 1.5)]).toEqual([2, -4.5, 0, 3, -3]);
  });

  test("makes what was there never likelier", () => {
    const scores = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(scores, fc.array(fc.nat(8)), fc.double({ min: 1, max: 9, noNaN: true }), (x, seen, by) => {
        const after = penalized(Float64Array.from(x), new Set(seen), by);
        for (const [k, score] of after.entries()) {
          if (seen.includes(k)) expect(score).toBeLessThanOrEqual(x[k]!);
          else expect(score).toBe(x[k]);
        }
      }),
      { seed: 1 },
    );
  });
});
