import { expect, test } from "vitest";
import { cosineDecay, exponentialDecay, piecewiseConstantDecay, rateAt, warmup } from "./schedules.ts";

const rates = (rate: Parameters<typeof rateAt>[0], steps: readonly number[]): number[] =>
  steps.map((step) => rateAt(rate, step));

test("a warm-up rises in a line and hands over to what follows, which counts from its end", () => {
  expect(rates(warmup({ steps: 4, learningRate: 0.8 }), [0, 1, 2, 3, 4, 99])).toEqual([
    0, 0.2, 0.4, 0.6000000000000001, 0.8, 0.8,
  ]);
  const decay = exponentialDecay({ initialLearningRate: 1, decaySteps: 1, decayRate: 0.5 });
  expect(rates(warmup({ steps: 2, learningRate: decay, from: 0.5 }), [0, 1, 2, 3, 4])).toEqual([
    0.5, 0.75, 1, 0.5, 0.25,
  ]);
});

test("a cosine ends at its floor and stays there", () => {
  expect(rates(cosineDecay({ initialLearningRate: 2, decaySteps: 10, alpha: 0.25 }), [0, 10, 50])).toEqual([
    2, 0.5, 0.5,
  ]);
  const risen = { initialLearningRate: 0.5, warmupTarget: 2, warmupSteps: 3, decaySteps: 10, alpha: 0.25 };
  expect(rates(cosineDecay(risen), [0, 3, 13, 50])).toEqual([0.5, 2, 0.5, 0.5]); // a part of what it rose to
});

test("a rate may be a number or a function of the step", () => {
  expect(rates(0.3, [0, 7])).toEqual([0.3, 0.3]);
  expect(rates((step) => 1 / (step + 1), [0, 3])).toEqual([1, 0.25]);
});

test("settings that cannot be are refused", () => {
  expect(() => piecewiseConstantDecay({ boundaries: [1, 2], values: [1, 2] })).toThrow(
    /3 values for 2 boundaries/,
  );
  expect(() => exponentialDecay({ initialLearningRate: 1, decaySteps: 0, decayRate: 1 })).toThrow(
    /decaySteps: expected a number above 0, got 0/,
  );
  expect(() => piecewiseConstantDecay({ boundaries: [1], values: [1, 1e39] })).toThrow(/float32/);
  expect(() => exponentialDecay({ initialLearningRate: 1e39, decaySteps: 1, decayRate: 1 })).toThrow(
    /initialLearningRate: .*got 1e\+39, which is Infinity in float32/,
  );
  expect(() => warmup({ steps: 4, learningRte: 0.1 } as never)).toThrow(/Did you mean "learningRate"\?/);
  expect(() => cosineDecay({ initialLearningRate: 1 } as never)).toThrow(/expected the option decaySteps/);
  expect(() => cosineDecay({ initialLearningRate: Number.NaN, decaySteps: 1 })).toThrow(
    /initialLearningRate/,
  );
  expect(() => piecewiseConstantDecay({ boundaries: [2, 1], values: [1, 2, 3] })).toThrow(/ascending/);
  expect(() => piecewiseConstantDecay({ boundaries: new Array(1), values: [1, 2] })).toThrow(/ascending/);
  for (const array of [new Uint8Array(2), new Float32Array(2), new BigInt64Array(2)])
    expect(() => warmup({ steps: 2, learningRate: array as never })).toThrow(/got a typed array of 2/);
});
