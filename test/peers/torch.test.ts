/**
 * PyTorch beside us, in float64, on cases drawn from a seed: outputs, states and all gradients of recurrent layers,
 * with layers, both directions, lengths, first states and projections; dropout with the masks given; losses, CTC,
 * attention, convolution and pooling; twenty steps of SGD with momentum.
 *
 * Another draw: UNROLL_SEED=2. More of everything: UNROLL_DRAWN=10, so many times as many.
 */
import { describe, expect, test } from "vitest";
import type { Closeness } from "../parity/close.ts";
import { type CtcCase, expectCtc } from "../parity/ctc.ts";
import { expectKeras, type ModelCase } from "../parity/keras.ts";
import { expectLoss, type LossCase } from "../parity/losses.ts";
import { expectTorch, type LayerCase } from "../parity/torch.ts";
import { distancesFrom } from "./distance.ts";
import { fromPython } from "./python.ts";
import { expectTraining, type TrainingCase, trained } from "./torchTraining.ts";

interface Drawn {
  readonly made: string;
  readonly layers: readonly LayerCase[];
  readonly dropout: readonly ModelCase[];
  readonly losses: readonly LossCase[];
  readonly ctc: readonly CtcCase[];
  readonly attention: readonly ModelCase[];
  readonly convolution: readonly ModelCase[];
  readonly training: readonly TrainingCase[];
}
const counts = {
  layers: 200,
  dropout: 50,
  losses: 80,
  ctc: 40,
  attention: 50,
  convolution: 60,
  training: 40,
} as const;
const seed = Number(process.env["UNROLL_SEED"] ?? 1);
const times = Number(process.env["UNROLL_DRAWN"] ?? 1);
const { made, ...drawn } = fromPython<Drawn>("torch_draws.py", {
  seed,
  counts: Object.fromEntries(Object.entries(counts).map(([kind, count]) => [kind, count * times])),
});
const { noted, devices } = distancesFrom(`PyTorch ${made}`);

test("PyTorch has enough to say", () => {
  const all = Object.values(drawn).map((cases) => cases.length);
  expect(all.reduce((a, b) => a + b)).toBeGreaterThanOrEqual(400);
  expect(Object.fromEntries(Object.entries(drawn).map(([kind, { length }]) => [kind, length]))).toEqual(
    Object.fromEntries(Object.entries(counts).map(([kind, count]) => [kind, count * times])),
  );
});

/** Nothing of a loss goes through float32. */
const float64: Closeness = { tolerance: 1e-13, smallest: 2 ** -10 };
/** Titles of drawn cases may be the same. */
const titled = <T extends { readonly name: string }>(cases: readonly T[]): (readonly [string, T])[] =>
  cases.map((one, k) => [`${k + 1}: ${one.name}`, one]);

describe.each(devices)("on $name", (tested) => {
  test.each(titled(drawn.layers))("layers %s", (_, one) => expectTorch(one, tested));
  test.each(titled(drawn.dropout))("dropout %s", (_, one) => expectKeras(one, tested));
  test.each(titled(drawn.ctc))("ctc %s", (_, one) => expectCtc(one, tested));
  test.each(titled(drawn.attention))("attention %s", (_, one) => expectKeras(one, tested));
  test.each(titled(drawn.convolution))("convolution %s", (_, one) => expectKeras(one, tested));
});

test.each(titled(drawn.losses))("losses %s", (_, one) => expectLoss(one, {}, noted("losses", float64)));

describe.each(trained)("twenty steps on $name", ({ name, close }) => {
  const told = (one: TrainingCase) => noted(`${name}, twenty steps`, close(one));
  test.each(titled(drawn.training))("%s", (_, one) => expectTraining(one, { name, close: told }));
});
