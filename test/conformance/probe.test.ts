import { expect, test } from "vitest";
import { differentiate } from "../../src/core/grad/gradients.ts";
import { outputOf, parameter, scan, zeros } from "../../src/core/graph/build.ts";
import {
  add,
  logSoftmax,
  matmul,
  mul,
  neg,
  oneHot,
  sigmoid,
  split,
  sub,
  sum,
  sumLeading,
  tanh,
} from "../../src/core/graph/operators.ts";
import { printGraph } from "../../src/core/graph/print.ts";
import { verify } from "../../src/core/graph/verify.ts";
import { plan } from "../../src/core/plan/plan.ts";
import { simplify } from "../../src/core/plan/simplify.ts";
import { printProgram } from "../../src/core/render/print.ts";
import type { Computation } from "../../src/core/run/device.ts";
import { referenceDevice } from "../../src/core/run/referenceDevice.ts";
import { wasmDevice } from "../../src/core/run/wasmDevice.ts";

function lstmComputation(F: number, U: number, V: number): Computation {
  const x = parameter("x", ["time", "rows", F]);
  const labels = parameter("labels", ["time", "rows"], "int32");
  const lengths = parameter("lengths", ["rows"], "int32");
  const W = parameter("kernel", [F, 4 * U]);
  const R = parameter("recurrentKernel", [U, 4 * U]);
  const b = parameter("bias", [4 * U]);
  const D = parameter("dense", [U, V]);
  const db = parameter("denseBias", [V]);
  const xt = parameter("x_t", ["rows", F]);
  const h = parameter("h", ["rows", U]);
  const c = parameter("c", ["rows", U]);
  const a = add(matmul(xt, W), b, matmul(h, R));
  const [ai, af, ag, ao] = split(a, 4) as [never, never, never, never];
  const next = add(mul(sigmoid(af), c), mul(sigmoid(ai), tanh(ag)));
  const out = mul(sigmoid(ao), tanh(next));
  const s = scan({
    lengths,
    initial: [zeros(h.shape), zeros(c.shape)],
    sequences: [x],
    time: "time",
    reverse: false,
    body: { carried: [h, c], sequences: [xt], next: [out, next], stacked: [out], summed: [] },
  });
  const hs = outputOf(s, "stacked", 0);
  const logits = add(matmul(hs, D), db);
  const count = parameter("count", ["time", "rows", 1]);
  const nll = mul(count, neg(sum(mul(oneHot(labels, V), logSoftmax(logits)))));
  const loss = sumLeading(nll, 2);
  const wrt = [W, R, b, D, db];
  const first = simplify([loss, hs, outputOf(s, "final", 1)]);
  const { roots, gradients } = differentiate({ roots: first, wrt });
  return { inputs: [x, labels, count], lengths: { time: lengths }, weights: wrt, outputs: roots, gradients };
}
const noise = (n: number, seed: number, scale = 1): Float32Array =>
  Float32Array.from({ length: n }, (_, k) => scale * Math.sin(12.9898 * (k + 1) + 78.233 * seed));

test("wasm equals reference", async () => {
  const [F, U, V, T, B] = [5, 7, 6, 9, 5];
  const computation = lstmComputation(F, U, V);
  verify([...computation.outputs, ...computation.gradients.filter((g) => g !== null)], "grad");
  if (process.env["SHOW"]) {
    console.log(printGraph([...computation.outputs, ...computation.gradients.filter((g) => g !== null)]));
    const made = plan(computation, 4);
    for (const { section, phases } of made.staged)
      console.log(
        section.kind,
        JSON.stringify(
          Object.fromEntries(
            Object.entries(phases).map(([k, v]) => [
              k,
              v.map((s) => `${s.kind} ${s.width} ${s.rows}: ${s.members.map((m) => m.op).join(" ")}`),
            ]),
          ),
          null,
          1,
        ),
      );
    console.log(printProgram(made.program));
  }
  const weights = computation.weights.map((w, k) =>
    noise(
      (w.shape as number[]).reduce((p, q) => p * q, 1),
      k + 1,
      0.5,
    ),
  );
  const batch = {
    rows: B,
    times: { time: T },
    lengths: { time: Int32Array.from([9, 3, 0, 7, 9]) },
    inputs: [
      noise(B * T * F, 9),
      Int32Array.from({ length: B * T }, (_, k) => (k * 7) % V),
      Float32Array.from({ length: B * T }, (_, k) =>
        k % T < ([9, 3, 0, 7, 9][Math.floor(k / T)] as number) ? 1 : 0,
      ),
    ],
  };
  const want = await referenceDevice().compile(computation).run(batch, weights);
  const got = await wasmDevice({ threads: 1 }).compile(computation).run(batch, weights);
  want.forEach((w, k) => {
    const g = got[k] as Float32Array;
    let worst = 0;
    w.forEach((v, i) => {
      worst = Math.max(worst, Math.abs(v - (g[i] as number)) / (1 + Math.abs(v)));
    });
    process.stderr.write(
      `${k} ${w.length} ${g.length} ${worst}\n  ${Array.from(w.slice(0, 30)).map((v) => v.toFixed(4))}\n  ${Array.from(g.slice(0, 30)).map((v) => v.toFixed(4))}\n`,
    );
    void 0;
    expect.soft(Number.isFinite(worst)).toBe(true);
    expect.soft(worst).toBeLessThan(1e-4);
  });
});
