/** What a calibration may choose changes no bit: all tiles and all chunks, for outputs, gradients and trained weights. */
import { describe, expect, test } from "vitest";
import { type Choice, candidatesFor, tuningOf } from "../../src/core/plan/candidates.ts";
import { wasmTarget } from "../../src/core/plan/target.ts";
import { nativeTargetHere } from "../../src/core/run/nativeDevice.ts";
import { descent } from "../../src/core/run/yardstick.ts";
import { nativeMode } from "../native/mode.ts";
import { bitsOf, given } from "./cases.ts";
import { type CellName, type Network, trainingCase } from "./cells.ts";
import { devices, type Tested } from "./devices.ts";

const target = nativeMode ? nativeTargetHere() : wasmTarget;
const { tiles, chunks } = candidatesFor(target);
/** Every set of tiles, and every length of chunks with the last of them. */
const choices: readonly Choice[] = [
  ...tiles.map((one) => ({ tiles: one, chunk: chunks[0] ?? "" })),
  ...chunks.slice(1).map((one) => ({ tiles: tiles.at(-1) ?? "", chunk: one })),
];

/** Parts of vectors, one vector and a part, odd numbers of vectors and even ones. */
const widths: readonly (readonly [CellName, number, number])[] = nativeMode
  ? [
      ["lstm", 7, 40],
      ["gruAfter", 33, 16],
      ["simple", 6, 70],
    ]
  : [
      ["lstm", 7, 10],
      ["lstm", 3, 32],
      ["gruBefore", 6, 12],
      ["gruAfter", 9, 20],
      ["simple", 1, 3],
      ["simple", 13, 24],
      ["simple", 5, 36],
    ];

/** Loss, outputs and gradients of the inputs of two training steps, and the weights after them. */
async function bits({ device }: Tested, network: Network, choice: Choice): Promise<string> {
  const one = trainingCase(network, { rows: 13, steps: 29, ragged: true }, 4);
  const { batch, weights } = given(one);
  const tuning = tuningOf(choice, target);
  if (tuning === null) throw new Error(`no candidate: ${choice.tiles}, ${choice.chunk}`);
  const trainer = device({ shardRows: 7, tuning }).train(one.computation, weights.map(descent));
  trainer.write(
    weights,
    weights.map(() => []),
  );
  const step = (): Promise<readonly Float32Array[]> => trainer.step(batch, () => weights.map(() => [0.05]));
  const outputs = [...(await step()), ...(await step())];
  const trained = trainer.read().weights;
  trainer.release();
  expect(trained.map((weight) => bitsOf([weight]))).not.toEqual(weights.map((weight) => bitsOf([weight])));
  return bitsOf([...outputs, ...trained]);
}

describe.each(devices)("$name", (device) => {
  test.each(widths)("%s, %i to %i: the same bits whatever is chosen", async (cell, features, units) => {
    const network: Network = { cell, features, units, classes: 5, given: true };
    const wanted = await bits(device, network, choices[0] as Choice);
    for (const choice of choices.slice(1))
      expect(await bits(device, network, choice), `${choice.tiles}, ${choice.chunk}`).toBe(wanted);
  });
});
