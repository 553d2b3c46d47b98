import { expect, test } from "vitest";
import { lengths, recur, result, x } from "../../../test/gradients/steps.ts";
import { differentiate } from "../grad/gradients.ts";
import { parameter, zeros } from "../graph/build.ts";
import { type Node, rows } from "../graph/nodes.ts";
import { add, matmul, mul, sigmoid, split, sum, sumLeading, tanh } from "../graph/operators.ts";
import type { Computation } from "../run/device.ts";
import { referenceDevice } from "../run/referenceDevice.ts";
import { wasmDevice } from "../run/wasmDevice.ts";

test("a gradient that each step puts together from parts is right, simplified before or not", async () => {
  const W = parameter("W", [3, 4]);
  const scan = recur({
    initial: [zeros([rows, 2])],
    step: ([slice], [h]) => {
      const [p, q] = split(matmul(slice as Node, W), 2).map((part) => add(part, h as Node)) as [Node, Node];
      return { next: [mul(tanh(p), sigmoid(q))] };
    },
  });
  const loss = sumLeading(sum(result(scan, "stacked")), 2);
  const { roots, gradients } = differentiate({ roots: [loss], wrt: [W] });
  const computation: Computation = {
    inputs: [x as typeof W],
    lengths: { time: lengths },
    weights: [W],
    outputs: roots,
    gradients,
  };
  const noise = (size: number): Float32Array =>
    Float32Array.from({ length: size }, (_, k) => Math.sin(k + 1));
  const batch = { rows: 2, times: { time: 4 }, inputs: [noise(2 * 4 * 3)] };
  const [, want] = await referenceDevice()
    .compile(computation)
    .run(batch, [noise(12)]);
  const [, got] = await wasmDevice({ threads: 1 })
    .compile(computation)
    .run(batch, [noise(12)]);
  for (const [k, value] of (want as Float32Array).entries()) expect(got?.[k]).toBeCloseTo(value, 5);
});
