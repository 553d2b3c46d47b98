/** Threads in a process of its own, on the built package. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const dist = (path: string): string => new URL(`../../dist/core/${path}`, import.meta.url).href;

/** y = x W, trained with two threads; the script ends by coming to its end. */
const script = `
import { parameter } from "${dist("graph/build.js")}";
import { matmul, mul, sub, sum, sumLeading } from "${dist("graph/operators.js")}";
import { differentiate } from "${dist("grad/gradients.js")}";
import { wasmDevice } from "${dist("run/wasmDevice.js")}";
const x = parameter("x", ["rows", 3]);
const W = parameter("W", [3, 2]);
const y = matmul(x, W);
const { roots, gradients } = differentiate({ roots: [sumLeading(sum(mul(y, y)), 1)], wrt: [W] });
const [w, g] = [parameter("w", []), parameter("g", [])];
const update = { weight: w, gradient: g, slots: [], scalars: [], nextWeight: sub(w, mul(g, 0.01)), nextSlots: [] };
const computation = { inputs: [x], lengths: {}, weights: [W], outputs: roots, gradients };
const trainer = wasmDevice({ threads: 2, shardRows: 2 }).train(computation, [update]);
trainer.write([new Float32Array(6).fill(1)], [[]]);
const losses = [];
for (let k = 0; k < 3; k++) {
  const [loss] = await trainer.step({ rows: 8, times: {}, inputs: [new Float32Array(24).fill(0.5)] }, () => [[]]);
  losses.push(loss[0]);
}
console.log(JSON.stringify(losses));
`;

test("threads do not keep the process alive", async () => {
  const cwd = fileURLToPath(new URL("../../", import.meta.url));
  const arguments_ = ["--input-type=module", "--eval", script];
  const { stdout } = await promisify(execFile)(process.execPath, arguments_, { cwd, timeout: 120_000 });
  const losses = JSON.parse(stdout) as readonly number[];
  expect(losses[0]).toBe(36);
  expect(losses).toHaveLength(3);
  expect(losses[2]).toBeLessThan(losses[1] as number);
});
