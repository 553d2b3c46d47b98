/**
 * ONNX Runtime beside us: models of one operator, RNN, LSTM or GRU, drawn from a seed, against our layers with the same
 * weights: forward, reverse and bidirectional, lengths, first states, activations, peepholes, the reset gate before
 * and after the product. Outputs and last states; an operator has no gradients.
 *
 * Another draw: UNROLL_SEED=2. More of them: UNROLL_DRAWN=10, so many times as many.
 */
import { describe, expect, test } from "vitest";
import { distancesFrom } from "./distance.ts";
import { expectOnnx, type OnnxCase } from "./onnx.ts";
import { fromPython } from "./python.ts";

const count = 144 * Number(process.env["UNROLL_DRAWN"] ?? 1);
const seed = Number(process.env["UNROLL_SEED"] ?? 1);
const { made, cases } = fromPython<{ readonly made: string; readonly cases: readonly OnnxCase[] }>(
  "onnx_draws.py",
  { seed, count },
);
const { noted } = distancesFrom(`ONNX Runtime ${made}, ${cases.length} cases`);

test("ONNX Runtime has enough to say", () => {
  expect(cases).toHaveLength(count);
  expect(cases.length).toBeGreaterThanOrEqual(100);
  for (const op of ["RNN", "LSTM", "GRU"])
    expect(cases.filter((one) => one.op === op)).toHaveLength(count / 3);
});

describe.each(["reference", "wasm"] as const)("on %s", (device) => {
  test.each(cases.map((one, k) => [`${k + 1}: ${one.name}`, one] as const))("%s", (_, one) =>
    expectOnnx(one, device, noted),
  );
});
