/** Every expression and operator, run in the engine at hand and compared with plain JavaScript. */
import { beforeAll, describe, expect, test } from "vitest";
import { int, integers, ints, load, run, store, storeInt, vector } from "../../../../test/programs.ts";
import type { Expression, ExpressionOf, IntOperator, VectorOperator } from "../../plan/program.ts";
import { prepareEngine } from "../../run/host.ts";
import type { WasmOptions } from "./wasm.ts";

beforeAll(prepareEngine);

const { fround } = Math;
const strict: WasmOptions = { relaxed: false, shared: false };

/** Bytes 0 to 63 hold four vectors a, b, c, d; results go to byte 64 and up. */
const out = 64;
const [a, b, c, d] = [load(0), load(16), load(32), load(48)];

const vectorOf = (
  value: Expression,
  inputs: readonly number[] | Int32Array = [],
  options = strict,
): number[] => [...run([store(out, value)], inputs, options).floats.subarray(16, 20)];
const integersOf = (value: Expression, inputs: readonly number[] | Int32Array = []): number[] => [
  ...run([store(out, value)], inputs).integers.subarray(16, 20),
];
const intOf = (value: Expression, inputs: readonly number[] | Int32Array = []): number =>
  run([storeInt(out, value)], inputs).integers[16]!;

describe("ints", () => {
  const pairs = [
    [7, 3],
    [3, 7],
    [5, 5],
    [-7, 3],
    [-1, 2],
    [2147483647, 9],
    [-2147483648, 31],
  ] as const;
  const expected: { readonly [K in IntOperator]: (x: number, y: number) => number } = {
    add: (x, y) => (x + y) | 0,
    subtract: (x, y) => (x - y) | 0,
    multiply: (x, y) => Math.imul(x, y),
    divide: (x, y) => Math.floor((x >>> 0) / (y >>> 0)) | 0,
    remainder: (x, y) => ((x >>> 0) % (y >>> 0)) | 0,
    minimum: (x, y) => Math.min(x, y),
    and: (x, y) => x & y,
    shiftLeft: (x, y) => x << y,
    less: (x, y) => Number(x < y),
    lessEqual: (x, y) => Number(x <= y),
    equal: (x, y) => Number(x === y),
    notEqual: (x, y) => Number(x !== y),
  };
  test.each(Object.keys(expected) as IntOperator[])("%s is JavaScript's on 32 bits", (op) => {
    for (const [x, y] of pairs) {
      expect([x, y, intOf(ints(op, int(x), int(y)))]).toEqual([x, y, expected[op](x, y)]);
    }
  });
  test("minimum nests in either input", () => {
    const four = ints("minimum", ints("minimum", int(4), int(3)), ints("minimum", int(2), int(6)));
    expect(intOf(four)).toBe(2);
    expect(intOf(ints("minimum", int(1), four))).toBe(1);
  });
  test.each([0, 1, -1, 63, 64, -64, -65, 8191, 8192, 2147483647, -2147483648])(
    "%i survives its encoding",
    (n) => {
      expect(intOf(int(n))).toBe(n);
      expect(integersOf({ kind: "integer", value: n })).toEqual([n, n, n, n]);
    },
  );
  test("an address above 2^31 is the int with its bits", () => {
    expect(intOf(int(2 ** 32 - 4))).toBe(-4);
  });
  test("loadInt reads one integer at address + offset", () => {
    expect(intOf({ kind: "loadInt", address: int(4), offset: 8 }, Int32Array.of(1, 2, 3, -4))).toBe(-4);
  });
  test("anyTrue tells whether a bit is set", () => {
    const any: Expression = { kind: "anyTrue", value: integers("bits", a) };
    expect([intOf(any, Int32Array.of(0, 0, 4, 0)), intOf(any, Int32Array.of(0, 0, 0, 0))]).toEqual([1, 0]);
  });
});

describe("vectors", () => {
  test("a constant is rounded to float32 in every lane", () => {
    const tenth = fround(0.1);
    expect(vectorOf({ kind: "constant", value: 0.1 })).toEqual([tenth, tenth, tenth, tenth]);
    expect(vectorOf({ kind: "constant", value: -0 })).toEqual([-0, -0, -0, -0]);
  });
  test("load reads four floats wherever they begin, splat one", () => {
    expect(vectorOf(load(8, 4), [1, 2, 3, 4, 5, 6, 7])).toEqual([4, 5, 6, 7]);
    expect(vectorOf(load(2), [0, 0, 0, 0, 0])).toEqual([0, 0, 0, 0]);
    expect(vectorOf({ kind: "splat", address: int(4), offset: 4 }, [1, 2, 3])).toEqual([3, 3, 3, 3]);
  });
  const x = [1.5, -2.25, 0.1, 3e20, 2.5, 7, -0.3, -1e20, -0.75, 1, 2, 0.5];
  type Lane = (x: number, y: number, z: number) => number;
  const exact: { readonly [K in Exclude<VectorOperator, "float" | "toFloat" | "select">]: Lane } = {
    add: (p, q) => p + q,
    sub: (p, q) => p - q,
    mul: (p, q) => p * q,
    div: (p, q) => p / q,
    min: (p, q) => Math.min(p, q),
    max: (p, q) => Math.max(p, q),
    neg: (p) => -p,
    abs: (p) => Math.abs(p),
    sqrt: (p) => Math.sqrt(p),
    floor: (p) => Math.floor(p),
    multiplyAdd: (p, q, r) => fround(p * q) + r,
  };
  const arity = { neg: 1, abs: 1, sqrt: 1, floor: 1, multiplyAdd: 3 } as const;
  test.each(Object.keys(exact) as (keyof typeof exact)[])("%s is JavaScript's, rounded once", (op) => {
    const count = op in arity ? arity[op as keyof typeof arity] : 2;
    const lanes = [0, 1, 2, 3].map((k) =>
      fround(exact[op](fround(x[k]!), fround(x[k + 4]!), fround(x[k + 8]!))),
    );
    expect(vectorOf(vector(op, ...[a, b, c].slice(0, count)), x)).toEqual(lanes);
  });
  test("min and max give their first input when one is not a number, or both are zeros", () => {
    const special = [NaN, 1, 0, -0, 1, NaN, -0, 0];
    expect(vectorOf(vector("min", a, b), special)).toEqual([NaN, 1, 0, -0]);
    expect(vectorOf(vector("max", a, b), special)).toEqual([NaN, 1, 0, -0]);
  });
  test("multiply-add rounds twice in strict mode, once or twice in relaxed mode", () => {
    const e = 2 ** -12;
    const inputs = [1 + e, 2, 1 + e, 3, 1 + e, 5, 1 + e, 4, -1 - 2 * e, 7, -1 - 2 * e, 1];
    const madd = vector("multiplyAdd", a, b, c);
    expect(vectorOf(madd, inputs, strict)).toEqual([0, 17, 0, 13]);
    const relaxed = vectorOf(madd, inputs, { relaxed: true, shared: false });
    expect([relaxed[1], relaxed[3]]).toEqual([17, 13]);
    expect([0, e * e]).toContain(relaxed[0]);
  });
  test("float and bits keep the bits, toFloat converts", () => {
    expect(vectorOf(vector("float", { kind: "integer", value: 0x3f800000 }))).toEqual([1, 1, 1, 1]);
    expect(vectorOf(vector("toFloat", integers("bits", a)), Int32Array.of(-7, 0, 16777217, 9))).toEqual([
      -7, 0, 16777216, 9,
    ]);
  });
  test("select takes bits, so not even a NaN leaks from the other side", () => {
    const mask = integers("less", c, d);
    const inputs = [1, NaN, 3, 4, NaN, 6, 7, -0, 0, 2, 1, NaN, 1, 1, 2, 1];
    expect(vectorOf(vector("select", mask, a, b), inputs)).toEqual([1, 6, 3, -0]);
    const half = vector("select", { kind: "integer", value: 0x0000ffff }, a, b);
    expect(integersOf(half, Int32Array.of(0x11112222, 0, 0, 0, 0x33334444, 0, 0, 0))[0]).toBe(0x33332222);
  });
  test("acrossLanes adds (0 + 2) + (1 + 3), in every lane", () => {
    const inputs = [1e8, 1, -1e8, 3];
    const sum: Expression = { kind: "acrossLanes", op: "add", value: a };
    expect(vectorOf(sum, inputs)).toEqual([4, 4, 4, 4]);
    expect(vectorOf({ kind: "acrossLanes", op: "add", value: vector("add", sum, b) }, inputs)).toEqual([
      16, 16, 16, 16,
    ]);
  });
  test("acrossLanes finds the largest, the same bits in every lane", () => {
    const largest: Expression = { kind: "acrossLanes", op: "max", value: a };
    for (let k = 0; k < 4; k++) {
      expect(vectorOf(largest, [-9, -8, -7, -6].with(k, -2))).toEqual([-2, -2, -2, -2]);
    }
    expect(vectorOf(largest, [0, -0, -0, 0])).toEqual([0, 0, 0, 0]);
    expect(vectorOf(largest, [-0, 0, 0, -0])).toEqual([-0, -0, -0, -0]);
  });
});

describe("integers", () => {
  const xs = [5, -3, 2147483647, -2147483648];
  const ys = [3, -3, 2, 65537];
  type Lane = (x: number, y: number) => number;
  const whole: { readonly [K in "addInteger" | "subInteger" | "mulInteger" | "and" | "or" | "xor"]: Lane } = {
    addInteger: (x, y) => (x + y) | 0,
    subInteger: (x, y) => (x - y) | 0,
    mulInteger: (x, y) => Math.imul(x, y),
    and: (x, y) => x & y,
    or: (x, y) => x | y,
    xor: (x, y) => x ^ y,
  };
  test.each(Object.keys(whole) as (keyof typeof whole)[])("%s is JavaScript's on 32 bits", (op) => {
    const value = integers(op, integers("bits", a), integers("bits", b));
    expect(integersOf(value, Int32Array.of(...xs, ...ys))).toEqual(xs.map((x, k) => whole[op](x, ys[k]!)));
  });
  const compare: { readonly [K in "less" | "lessEqual" | "equal"]: readonly number[] } = {
    less: [-1, 0, 0, 0],
    lessEqual: [-1, -1, 0, 0],
    equal: [0, -1, 0, 0],
  };
  test.each(Object.keys(compare) as (keyof typeof compare)[])("%s gives masks, and no NaN compares", (op) => {
    expect(integersOf(integers(op, a, b), [1, -0, NaN, 1, 2, 0, NaN, NaN])).toEqual(compare[op]);
  });
  test("toInteger truncates and saturates, NaN gives 0", () => {
    expect(integersOf(integers("toInteger", a), [-1.9, 2.9, 1e20, NaN])).toEqual([-1, 2, 2147483647, 0]);
  });
  const shifts: { readonly [K in ExpressionOf<"shift">["op"]]: (x: number) => number } = {
    left: (x) => x << 5,
    right: (x) => x >> 5,
    rightUnsigned: (x) => (x >>> 5) | 0,
  };
  test.each(Object.keys(shifts) as (keyof typeof shifts)[])("shift %s is JavaScript's", (op) => {
    const value: Expression = { kind: "shift", op, by: 5, value: integers("bits", a) };
    expect(integersOf(value, Int32Array.of(...xs))).toEqual(xs.map(shifts[op]));
  });
  test("laneIndex, spread and splatInteger fill the lanes", () => {
    expect(integersOf({ kind: "laneIndex" })).toEqual([0, 1, 2, 3]);
    expect(integersOf({ kind: "spread", value: ints("add", int(40), int(2)) })).toEqual([42, 42, 42, 42]);
    const splat: Expression = { kind: "splatInteger", address: int(0), offset: 4 };
    expect(integersOf(splat, Int32Array.of(1, -2))).toEqual([-2, -2, -2, -2]);
  });
});
