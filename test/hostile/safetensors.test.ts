/** Whatever stands in a file of tensors, reading it gives tensors that fit their shapes, or an UnrollError. */
import { expect, test } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../../src/nn/model/safetensors.ts";
import { attack } from "./attack.ts";
import { changedTensors } from "./tensors.ts";

const samples = [
  encodeSafetensors(
    new Map([
      ["lstm_1/kernel", { dtype: "F32" as const, shape: [2, 8], data: new Float32Array(16) }],
      ["lstm_1/bias", { dtype: "F32" as const, shape: [8], data: new Float32Array(8) }],
      ["double", { dtype: "F64" as const, shape: [], data: new Float64Array(1) }],
      ["odd", { dtype: "U8" as const, shape: [3, 1], data: new Uint8Array(3) }],
      ["empty", { dtype: "I16" as const, shape: [0, 4], data: new Int16Array(0) }],
      ["long", { dtype: "I64" as const, shape: [2], data: new BigInt64Array(2) }],
    ]),
    { format: "pt", note: "toString" },
  ),
  encodeSafetensors(new Map()),
  encodeSafetensors(new Map([["a", { dtype: "F32" as const, shape: [1], data: new Float32Array(1) }]])),
];

test("mutated files of tensors", async () => {
  await attack({
    name: "safetensors",
    make: (dice) => changedTensors(dice.pick(samples), dice, samples),
    read: (bytes) => {
      for (const { shape, data } of decodeSafetensors(bytes, "model.safetensors").tensors.values())
        expect(data.length).toBe(shape.reduce((product, axis) => product * axis, 1));
    },
    least: { values: 0.02, refused: 0.5 },
  });
});
