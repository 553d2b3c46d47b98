import { describe, expect, test } from "vitest";
import { atOnce } from "../breath.ts";
import { initialized, initializers } from "./initializers.ts";

const values = (
  initializer: Parameters<typeof initialized>[0]["initializer"],
  shape: readonly number[],
  name = "w",
  seed = 1,
): Float32Array => {
  const { values: drawn, pieces } = initialized({ shape, initializer }, seed, name);
  if (pieces) atOnce(pieces);
  return drawn;
};
const deviation = (x: Float32Array): number => Math.sqrt(x.reduce((total, y) => total + y * y, 0) / x.length);

describe("initial weights", () => {
  test("are a function of seed and name", () => {
    expect(values("glorotUniform", [3, 4])).toEqual(values("glorotUniform", [3, 4]));
    expect(values("glorotUniform", [3, 4], "other")).not.toEqual(values("glorotUniform", [3, 4]));
    expect(values("glorotUniform", [3, 4], "w", 2)).not.toEqual(values("glorotUniform", [3, 4]));
  });
  test.each([
    ["glorotUniform", Math.sqrt(2 / 300)],
    ["glorotNormal", Math.sqrt(2 / 300)],
    ["heUniform", Math.sqrt(2 / 100)],
    ["heNormal", Math.sqrt(2 / 100)],
    ["lecunUniform", Math.sqrt(1 / 100)],
    ["lecunNormal", Math.sqrt(1 / 100)],
    ["randomNormal", 0.05],
    ["randomUniform", 0.05 / Math.sqrt(3)],
  ] as const)("%s has the deviation of Keras's", (name, expected) => {
    const drawn = values(name, [100, 200]);
    expect(deviation(drawn) / expected).toBeCloseTo(1, 1);
  });
  test.each([
    ["glorotNormal", 2 / (6 * 20 + 6 * 40)],
    ["heUniform", 2 / (6 * 20)],
  ] as const)("%s counts the places of a filter, [2, 3, 20, 40]", (name, variance) => {
    expect(deviation(values(name, [2, 3, 20, 40])) ** 2 / variance).toBeCloseTo(1, 1);
  });
  test("glorotUniform stays within its limit", () => {
    const limit = Math.sqrt(6 / 300);
    const drawn = values("glorotUniform", [100, 200]);
    expect(drawn.every((x) => Math.abs(x) <= limit)).toBe(true);
    expect(Math.max(...drawn)).toBeGreaterThan(0.99 * limit);
  });
  test("orthogonal has orthonormal rows where they are fewer than columns", () => {
    const q = values("orthogonal", [4, 12]);
    for (let a = 0; a < 4; a++) {
      for (let b = 0; b < 4; b++) {
        const product = Array.from({ length: 12 }, (_, k) => q[a * 12 + k]! * q[b * 12 + k]!).reduce(
          (x, y) => x + y,
        );
        expect(product).toBeCloseTo(a === b ? 1 : 0, 6);
      }
    }
  });
  test("options change the scale", () => {
    expect(deviation(values(initializers.randomNormal({ stddev: 2 }), [100, 100]))).toBeCloseTo(2, 1);
    expect([...values(initializers.constant({ value: 3 }), [2])]).toEqual([3, 3]);
    expect(() => initializers.randomNormal({ stdev: 2 } as never)).toThrow(/stddev/);
  });
  test("options that are written out are checked, and what is drawn with them is finite", () => {
    const written = (options: unknown) => () =>
      values({ initializer: "randomNormal", options } as never, [100, 100]);
    expect(deviation(written({ stddev: 2 })())).toBeCloseTo(2, 1);
    expect(written({ stdev: 2 })).toThrow(/Did you mean "stddev"\?/);
    expect(written({ stddev: "2" })).toThrow(/stddev: expected a number of 0 or more, got "2"/);
    expect(written({ stddev: 3e38 })).toThrow(/weight "w": expected finite numbers from its initializer/);
  });
  test("the bias of a forget gate begins with ones", () => {
    expect([...values({ unitForgetBias: "zeros", units: 2 }, [8])]).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
  });
  test("are drawn in pieces, of which each takes no more than a few thousand numbers", () => {
    for (const name of ["glorotUniform", "orthogonal"] as const) {
      const { pieces } = initialized({ shape: [256, 256], initializer: name }, 1, "w");
      expect([...(pieces ?? [])].length).toBeGreaterThanOrEqual(8);
    }
  });
  test.each(["glorotUniform", "zeros", "orthogonal"] as const)(
    "%s of what no memory holds is refused",
    (name) => {
      expect(() => initialized({ shape: [2 ** 20, 2 ** 12], initializer: name }, 1, "a/w")).toThrow(
        /weight "a\/w": expected .*4 GiB at most, got \[1048576, 4096\], which takes 16384.0 MiB\./,
      );
    },
  );
  test("identity and a function of one's own", () => {
    expect([...values("identity", [2, 3])]).toEqual([1, 0, 0, 0, 1, 0]);
    expect([...values(() => [1, 2], [2])]).toEqual([1, 2]);
    expect([...values(() => new Float64Array([1, 2]), [2])]).toEqual([1, 2]);
  });
  test.each<[string, unknown, RegExp]>([
    ["too many", [1, 2, 3], /weight "w": expected 2 numbers from its initializer, got an array of 3/],
    ["nothing", undefined, /2 numbers from its initializer, got undefined/],
    ["null", null, /got null/],
    ["a length alone", { length: 1e12 }, /2 numbers from its initializer, got an object/],
    ["bigints", [1n, 1n], /a finite number as number 0 from its initializer/],
    ["NaN", [1, Number.NaN], /number 1 from its initializer, got NaN/],
    ["text", [1, "a"], /number 1 .*got "a"/],
    ["more than float32 holds", [1, 1e39], /number 1 .*got 1e\+39, which is Infinity in float32/],
    ["a hole", new Array(2), /number 0 .*got undefined/],
  ])("%s from a function of one's own is refused", (_, given, message) => {
    expect(() => values(() => given as number[], [2])).toThrow(message);
  });
});
