/** Runs that are held: every output has the bits of `run`, whatever ran before it was read. */
import { expect, test } from "vitest";
import { bitsOf } from "../../../test/conformance/cases.ts";
import { outputOf, parameter, scan, zeros } from "../graph/build.ts";
import * as op from "../graph/operators.ts";
import type { Batch, Computation, Executable } from "./device.ts";
import { referenceDevice } from "./referenceDevice.ts";
import { wasmDevice } from "./wasmDevice.ts";

const time = "time";
const size = 3;

/** h = tanh(x w + h), and its steps, their squares, the last and a sum over all rows. */
function states(): Computation {
  const x = parameter("x", [time, "rows", size]);
  const lengths = parameter("lengths", ["rows"], "int32");
  const w = parameter("w", [size, size]);
  const h = parameter("h", ["rows", size]);
  const slot = parameter("x_t", ["rows", size]);
  const next = op.tanh(op.add(op.matmul(slot, w), h));
  const node = scan({
    lengths,
    initial: [zeros(["rows", size])],
    sequences: [x],
    body: { carried: [h], sequences: [slot], next: [next], stacked: [next], summed: [] },
    time,
    reverse: false,
  });
  const steps = outputOf(node, "stacked", 0);
  return {
    inputs: [x],
    lengths: { [time]: lengths },
    weights: [w],
    outputs: [steps, op.square(steps), outputOf(node, "final", 0), op.sumLeading(steps, 2)],
    gradients: [],
  };
}

const rows = 5;
const steps = 4;
const numbers = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, k) => Math.sin(1.7 * k + seed));
const batchOf = (seed: number, version: number): Batch => ({
  rows,
  times: { [time]: steps },
  lengths: { [time]: Int32Array.of(4, 2, 3, 1, 4) },
  inputs: [numbers(rows * steps * size, seed)],
  version,
});

const devices = [
  () => referenceDevice(),
  () => wasmDevice({ threads: 1 }),
  () => wasmDevice({ threads: 2, shardRows: 2 }),
] as const;
const names = ["reference", "wasm", "wasm, two threads"];

test.each(names)("read at once, after another batch, and after other weights: %s", async (name) => {
  const executable = (devices[names.indexOf(name)] as (typeof devices)[number])().compile(states());
  const weights = [numbers(size * size, 5)];
  const expected = (await executable.run(batchOf(1, 1), weights)).map((array) => array.slice());
  const outputs = expected.map((_, k) => k);

  const first = await executable.hold(batchOf(1, 1), weights);
  expect(outputs.map(first.output)).toEqual(expected);

  const second = await executable.hold(batchOf(1, 1), weights);
  const early = second.output(0);
  await executable.run(batchOf(2, 1), weights);
  expect(outputs.map(second.output)).toEqual(expected);
  expect(second.output(0)).toBe(early);

  const third = await executable.hold(batchOf(1, 1), weights);
  weights[0]?.fill(0.25); // as training overwrites them
  const other = await executable.hold(batchOf(1, 2), weights);
  expect(outputs.map(third.output)).toEqual(expected);
  const anew = await executable.run(batchOf(1, 3), weights);
  expect(anew).not.toEqual(expected);
  expect(outputs.map(other.output)).toEqual(anew);
  expect(outputs.map(first.output)).toEqual(expected);
});

test("what was read is not made again, and what is made again is made once", async () => {
  const executable = wasmDevice({ threads: 1 }).compile(states());
  const weights = [numbers(size * size, 5)];
  const [a, b] = [
    await executable.hold(batchOf(1, 1), weights),
    await executable.hold(batchOf(2, 1), weights),
  ];
  const ofA = a.output(1); // runs again: what b has not read is gone
  const ofB = b.output(1);
  expect([a.output(1), b.output(1)]).toEqual([ofA, ofB]);
  expect(a.output(1)).toBe(ofA);
  expect(b.output(1)).toBe(ofB);
  expect(ofA).not.toEqual(ofB);
});

/** The least KiB of memory in which this works. */
async function leastMemory(works: (memoryLimit: number) => Promise<unknown>): Promise<number> {
  let [least, most] = [1024, 4096];
  while (least < most) {
    const half = (least + most) >> 1;
    const enough = await works(half * 1024).then(
      () => true,
      () => false,
    );
    if (enough) most = half;
    else least = half + 1;
  }
  return least;
}

test.each([
  ["of one shard it takes less than a run: what nobody has read is there once, not twice", 6000, 0.9],
  ["of many no more: short of memory, rows are not kept as the whole vectors that kernels write", 375, 1],
])("the memory of a run that is held: %s", async (_, shardRows, share) => {
  const rows = 6000;
  const weights = [numbers(size * size, 5)];
  const inputs = [numbers(rows * steps * size, 1)];
  const batch: Batch = { ...batchOf(1, 1), rows, lengths: {}, inputs };
  const compiled = (memoryLimit: number): Executable =>
    wasmDevice({ threads: 1, shardRows, memoryLimit }).compile(states());
  const held = async (memoryLimit: number): Promise<readonly Float32Array[]> => {
    const { output } = await compiled(memoryLimit).hold(batch, weights);
    return [0, 1, 2, 3].map(output);
  };
  const forRun = await leastMemory((limit) => compiled(limit).run(batch, weights));
  const forHeld = await leastMemory(held);
  expect(forHeld / forRun).toBeLessThanOrEqual(share);
  const expected = await compiled(forRun * 1024).run(batch, weights);
  expect(bitsOf(await held(forHeld * 1024))).toBe(bitsOf(expected));
});
