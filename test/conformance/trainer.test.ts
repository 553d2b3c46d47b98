/** Training on every device against the reference: updates, norms, decisions, batches of changing extents. */
import { describe, expect, test } from "vitest";
import { parameter } from "../../src/core/graph/build.ts";
import type { Parameter } from "../../src/core/graph/computation.ts";
import { add, div, mul, sqrt, sub } from "../../src/core/graph/operators.ts";
import type { Computation, Decide, Device, Trainer, Update } from "../../src/core/run/device.ts";
import { referenceDevice } from "../../src/core/run/referenceDevice.ts";
import { recurrenceRoundings, relative } from "../tolerances.ts";
import { bitsOf, compare, type Given, given } from "./cases.ts";
import { type Extents, type Network, training, trainingCase } from "./cells.ts";
import { devices } from "./devices.ts";

const network: Network = { cell: "lstm", features: 5, units: 6, classes: 4, given: true };
const extents: Extents = { rows: 9, steps: 7, ragged: true };
const computation = training(network);
const optimizerSteps = 5;

type Rule = (weight: Parameter) => Update;
const scalar = (name: string): Parameter => parameter(name, []);

/** w' = w - rate g */
const sgd: Rule = () => {
  const [weight, gradient, rate] = [scalar("w"), scalar("g"), scalar("rate")];
  return {
    weight,
    gradient,
    slots: [],
    scalars: [rate],
    nextWeight: sub(weight, mul(rate, gradient)),
    nextSlots: [],
  };
};
/** Kingma and Ba 2015, the bias corrections in the rate. */
const adam: Rule = () => {
  const [weight, gradient, m, v, rate] = [scalar("w"), scalar("g"), scalar("m"), scalar("v"), scalar("rate")];
  const nextM = add(mul(m, 0.9), mul(gradient, 0.1));
  const nextV = add(mul(v, 0.99), mul(mul(gradient, gradient), 0.01));
  const nextWeight = sub(weight, div(mul(rate, nextM), add(sqrt(nextV), 1e-3)));
  return { weight, gradient, slots: [m, v], scalars: [rate], nextWeight, nextSlots: [nextM, nextV] };
};
const rules = { sgd, adam } as const;

interface Trained {
  readonly outputs: readonly (readonly Float32Array[])[];
  readonly norms: readonly Float64Array[];
  readonly end: ReturnType<Trainer["read"]>;
}

const batches: readonly Given[] = Array.from({ length: optimizerSteps }, (_, k) =>
  given({ ...trainingCase(network, { ...extents, rows: extents.rows + (k % 2) }, k + 1), computation }),
);
const weights = (batches[0] as Given).weights;
const updatesOf = (rule: Rule): readonly Update[] => computation.weights.map(rule);
const emptySlots = (updates: readonly (Update | null)[]): readonly (readonly Float32Array[])[] =>
  updates.map((update, k) => (update?.slots ?? []).map(() => new Float32Array(weights[k]?.length ?? 0)));

function started(
  device: Device,
  updates: readonly (Update | null)[],
  of: Computation = computation,
): Trainer {
  const trainer = device.train(of, updates);
  trainer.write(weights, emptySlots(updates));
  return trainer;
}

const rate = 0.05;
const always: Decide = (norms) => Array.from(norms, () => [rate]);

async function train(device: Device, rule: Rule): Promise<Trained> {
  const trainer = started(device, updatesOf(rule));
  const [norms, outputs]: [Float64Array[], (readonly Float32Array[])[]] = [[], []];
  for (const { batch } of batches) {
    const decide: Decide = (own) => {
      norms.push(own.slice());
      return always(own, []);
    };
    outputs.push(await trainer.step(batch, decide));
  }
  const end = trainer.read();
  trainer.release();
  return { outputs, norms, end };
}

const arrays = ({ weights: own, slots }: Trained["end"]): readonly Float32Array[] => [
  ...own,
  ...slots.flat(),
];
/** A step of training moves each weight by what the rounding of its gradient allows, five times. */
const tolerance = relative(
  optimizerSteps * recurrenceRoundings({ ...network, ...extents, rows: extents.rows + 1 }),
);

describe.each(devices)("$name", ({ device }) => {
  test.each(Object.keys(rules) as (keyof typeof rules)[])("five steps of %s", async (name) => {
    const wanted = await train(referenceDevice(), rules[name]);
    const got = await train(device(), rules[name]);
    compare(arrays(got.end), arrays(wanted.end), tolerance);
    got.outputs.forEach((own, k) => compare(own, wanted.outputs[k] ?? [], tolerance));
    const single = (norms: readonly Float64Array[]): readonly Float32Array[] =>
      norms.map((own) => Float32Array.from(own));
    compare(single(got.norms), single(wanted.norms), 2 * tolerance);
  });

  test.each([2, 3, 4])("%i threads give the bits of one", async (threads) => {
    const bits = ({ outputs, norms, end }: Trained): string =>
      `${bitsOf([...outputs.flat(), ...arrays(end)])} ${norms.map((own) => own.join()).join()}`;
    const [one, several] = [device({ shardRows: 2 }), device({ shardRows: 2, threads })];
    expect(bits(await train(several, adam))).toBe(bits(await train(one, adam)));
  });

  test("squared norms are those of the gradients", async () => {
    const { batch } = batches[0] as Given;
    const gradients = device().compile(computation).runNow(batch, weights).slice(-weights.length);
    const trainer = started(device(), updatesOf(sgd));
    let norms = new Float64Array(0);
    await trainer.step(batch, (own) => {
      norms = own.slice();
      return null;
    });
    trainer.release();
    const wanted = gradients.map((gradient) => gradient.reduce((sum, x) => sum + x * x, 0));
    compare([Float32Array.from(norms)], [Float32Array.from(wanted)], relative(1024));
  });

  test("a step that is refused leaves weights and slots as they were", async () => {
    const trainer = started(device(), updatesOf(adam));
    const { batch } = batches[0] as Given;
    await trainer.step(batch, always);
    const before = bitsOf(arrays(trainer.read()));
    const outputs = await trainer.step(batch, () => null);
    expect(bitsOf(arrays(trainer.read()))).toBe(before);
    expect(bitsOf(await trainer.step(batch, always))).toBe(bitsOf(outputs));
    expect(bitsOf(arrays(trainer.read()))).not.toBe(before);
    trainer.release();
  });

  test("a weight without an update stays, and has its norm", async () => {
    const updates = updatesOf(adam).map((update, k) => (k === 1 ? null : update));
    const trainer = started(device(), updates);
    let norm = 0;
    await trainer.step((batches[0] as Given).batch, (norms) => {
      norm = norms[1] ?? 0;
      return updates.map((update) => (update === null ? [] : [rate]));
    });
    const { weights: after, slots } = trainer.read();
    trainer.release();
    expect(norm).toBeGreaterThan(0);
    expect(slots[1]).toEqual([]);
    expect(after.map((weight, k) => bitsOf([weight]) === bitsOf([weights[k] as Float32Array]))).toEqual(
      weights.map((_, k) => k === 1),
    );
  });

  test("what was read, written to another trainer, goes on with the same bits", async () => {
    const run = async (trainer: Trainer, from: number, to: number): Promise<void> => {
      for (const { batch } of batches.slice(from, to)) await trainer.step(batch, always);
    };
    const whole = started(device(), updatesOf(adam));
    await run(whole, 0, 4);
    const first = started(device(), updatesOf(adam));
    await run(first, 0, 2);
    const { weights: half, slots } = first.read();
    const second = device({ threads: 2 }).train(computation, updatesOf(adam));
    second.write(half, slots);
    expect(bitsOf(arrays(second.read()))).toBe(bitsOf(arrays(first.read())));
    await run(second, 2, 4);
    expect(bitsOf(arrays(second.read()))).toBe(bitsOf(arrays(whole.read())));
    for (const trainer of [whole, first, second]) trainer.release();
  });

  test("a gradient that is not finite shows in its norm", async () => {
    const { batch } = batches[0] as Given;
    const [x, ...others] = batch.inputs;
    const broken = (x as Float32Array).slice();
    broken[0] = Number.NaN;
    const lengths = { time: new Int32Array(batch.rows).fill(extents.steps) };
    const trainer = started(device(), updatesOf(sgd));
    let norms: readonly number[] = [];
    await trainer.step({ ...batch, lengths, inputs: [broken, ...others] }, (own) => {
      norms = [...own];
      return null;
    });
    expect(norms.some((norm) => Number.isFinite(norm))).toBe(false);
    expect(bitsOf(trainer.read().weights)).toBe(bitsOf(weights));
    trainer.release();
  });

  test("batches of many extents in turn, in the memory of the largest", async () => {
    const limit = 2 * 2 ** 20;
    const trainer = started(device({ memoryLimit: limit }), updatesOf(sgd));
    const shapes = [1, 3, 16, 17, 40].flatMap((rows) => [1, 2, 9, 30].map((steps) => ({ rows, steps })));
    const fed = shapes.map((shape, k) =>
      given({ ...trainingCase(network, { ...shape, ragged: true }, k + 1), computation }),
    );
    const losses = new Map<number, string>();
    for (let turn = 0; turn < 12; turn++) {
      for (const [k, { batch }] of fed.entries()) {
        const bits = bitsOf(await trainer.step(batch, () => null));
        expect(bits, `turn ${turn}, ${JSON.stringify(shapes[k])}`).toBe(losses.get(k) ?? bits);
        losses.set(k, bits);
      }
    }
    trainer.release();
  });

  test("trainers that are released give their memory back", () => {
    const small = device({ memoryLimit: 2 ** 20 + 2 ** 18 });
    for (let k = 0; k < 60; k++) started(small, updatesOf(adam)).release();
  });

  test("a batch beyond the limit is refused, and the next one runs", async () => {
    const trainer = started(device({ memoryLimit: 2 * 2 ** 20 }), updatesOf(sgd));
    const huge = given({ ...trainingCase(network, { rows: 64, steps: 400, ragged: false }, 1), computation });
    await expect(trainer.step(huge.batch, always)).rejects.toThrow(/MiB/);
    await trainer.step((batches[0] as Given).batch, always);
    trainer.release();
  });
});
