/**
 * Sixty-four models predict side by side in one process, and each says to the bit what it says alone; so they do while
 * others are trained, and after they were.
 */
import { afterAll, describe, expect, test } from "vitest";
import { nativeMissing } from "../../src/core/run/nativeDevice.ts";
import {
  bidirectional,
  dense,
  gru,
  input,
  lstm,
  sequential,
  setDevice,
  setSeed,
  simpleRNN,
} from "../../src/index.ts";
import { draws } from "../draws.ts";

const features = 3;
const recurrent = [
  (units: number) => lstm({ units, returnSequences: true }),
  (units: number) => gru({ units, returnSequences: true }),
  (units: number) => simpleRNN({ units, returnSequences: true }),
  (units: number) => bidirectional(lstm({ units, returnSequences: true })),
] as const;

/** Of another kind and width, with other weights and other data each. */
function askedOf(k: number) {
  setSeed(k);
  const layer = (recurrent[k % recurrent.length] ?? recurrent[0])(2 + (k % 5));
  const model = sequential(input({ shape: [null, features] }), layer, dense({ units: 1 + (k % 2) }));
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const draw = draws(k + 1);
  const x = Array.from({ length: 1 + (k % 9) }, (_, row) =>
    Array.from({ length: 2 + ((k + row) % 7) }, () => Array.from({ length: features }, draw)),
  );
  const y = x.map((steps) => steps.map(() => Array.from({ length: 1 + (k % 2) }, draw)));
  return { model, x, y };
}
type Asked = ReturnType<typeof askedOf>;

const said = async ({ model, x }: Asked): Promise<unknown> =>
  (await model.predict(x, { batchSize: 2 })).toArray();
const oneByOne = async (all: readonly Asked[]): Promise<unknown[]> => {
  const answers: unknown[] = [];
  for (const one of all) answers.push(await said(one));
  return answers;
};

afterAll(() => setDevice("auto"));

describe.each([
  ["wasm", 1, 64],
  ["wasm", 3, 64],
  ...(nativeMissing() === null ? ([["native", 2, 8]] as const) : []), // a compiler takes its time
] as const)("%s, %i threads: %i models side by side", (device, threads, count) => {
  const all = Array.from({ length: count }, (_, k) => askedOf(k));

  test("say what each says alone", async () => {
    setDevice(device, { threads });
    const together = await Promise.all(all.map(said));
    expect(await oneByOne(all)).toEqual(together);
    setDevice("reference");
    const reference = (await oneByOne(all)).flat(4) as number[];
    for (const [k, value] of (together.flat(4) as number[]).entries())
      expect(value).toBeCloseTo(reference[k] as number, 5);
  });

  test("and while every other one is trained", async () => {
    setDevice(device, { threads });
    const [trained, asked] = [0, 1].map((rest) => all.filter((_, k) => k % 2 === rest)) as [Asked[], Asked[]];
    const before = await oneByOne(asked);
    const options = { epochs: 3, batchSize: 2, verbose: 0 as const };
    const [, ...during] = await Promise.all([
      Promise.all(trained.map(({ model, x, y }) => model.fit(x, y, options))),
      ...asked.map(said),
    ]);
    expect(during).toEqual(before);
    const alone = all.map((_, k) => askedOf(k)).filter((_, k) => k % 2 === 0);
    for (const { model, x, y } of alone) await model.fit(x, y, options);
    expect(trained.map(({ model }) => model.getWeights())).toEqual(
      alone.map(({ model }) => model.getWeights()),
    );
  });
});
