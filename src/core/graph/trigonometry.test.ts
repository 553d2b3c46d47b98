import { describe, expect, test } from "vitest";
import { evaluate } from "../run/reference.ts";
import { wasmDevice } from "../run/wasmDevice.ts";
import { parameter } from "./build.ts";
import { cos, sin } from "./trigonometry.ts";

const count = 4001;
const x = parameter("x", ["rows", count]);
/** From -4 pi to 4 pi, multiples of a quarter of pi among them, and some large ones. */
const angles = Float64Array.from({ length: count }, (_, k) => ((k - 2000) / 500) * Math.PI);
const large = angles.map((angle, k) => (k % 2 === 0 ? angle : angle * 2000));

const functions = [
  ["sin", sin, Math.sin],
  ["cos", cos, Math.cos],
] as const;

describe.each(functions)("%s", (_, of, wanted) => {
  test("in float64 is that of Math to 1e-14, and to 1e-11 where the angle is large", () => {
    for (const [given, tolerance] of [
      [angles, 1e-14],
      [large, 1e-11],
    ] as const) {
      const [made] = evaluate([of(x)], new Map([[x, { shape: [1, count], data: given }]]), { rows: 1 });
      const worst = Math.max(...given.map((angle, k) => Math.abs(made!.data[k]! - wanted(angle))));
      expect(worst).toBeLessThan(tolerance);
    }
  });
  test("in float32 is off by less than 2^-21", () => {
    const data = Float32Array.from(angles);
    const computation = { inputs: [x], lengths: {}, weights: [], outputs: [of(x)], gradients: [] };
    const executable = wasmDevice({ threads: 1 }).compile(computation);
    const [made] = executable.runNow({ rows: 1, times: {}, inputs: [data] }, []);
    const errors = Array.from(data, (angle, k) => Math.abs(made![k]! - wanted(angle)));
    const first = errors.slice(1000, 3001); // within one circle
    expect(Math.max(...first)).toBeLessThan(2 ** -21);
    expect(Math.max(...errors)).toBeLessThan(2 ** -20);
  });
});
