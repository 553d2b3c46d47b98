import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UnrollError } from "../../errors.ts";
import { checksum } from "./checksum.ts";
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "./safetensors.ts";

const tensors: ReadonlyMap<string, StoredTensor> = new Map<string, StoredTensor>([
  ["flags", { dtype: "U8", shape: [3], data: Uint8Array.of(1, 0, 255) }],
  [
    "lstm_1/kernel",
    { dtype: "F32", shape: [2, 3], data: Float32Array.of(1, -0, Number.NaN, Infinity, 1e-45, 0.1) },
  ],
  ["empty", { dtype: "F32", shape: [0, 4], data: new Float32Array() }],
  ["sums", { dtype: "F64", shape: [2], data: Float64Array.of(Math.PI, -1e300) }],
  ["tokens", { dtype: "I32", shape: [], data: Int32Array.of(-7) }],
  ["large", { dtype: "I64", shape: [1], data: BigInt64Array.of(-(2n ** 63n)) }],
]);

/** Bytes with this header and so many bytes of data. */
function file(header: unknown, data: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}
const entry = (begin: number, end: number, more: object = {}): object => ({
  dtype: "F32",
  shape: [(end - begin) / 4],
  data_offsets: [begin, end],
  ...more,
});

test("what is written is read back, bit for bit, from bytes at any address", () => {
  const bytes = encodeSafetensors(tensors, { format: "test" });
  const elsewhere = new Uint8Array(bytes.length + 3);
  elsewhere.set(bytes, 3);
  for (const own of [bytes, elsewhere.subarray(3), Buffer.from(bytes)]) {
    const { tensors: read, metadata } = decodeSafetensors(own, "file");
    expect(new Map([...read].sort())).toEqual(new Map([...tensors].sort()));
    expect(metadata).toEqual({ format: "test" });
  }
});

test("tensors begin at multiples of their width, the header is padded, what is read are copies", () => {
  const bytes = encodeSafetensors(tensors);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  expect(length % 8).toBe(0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<
    string,
    { data_offsets: number[] }
  >;
  expect(header["lstm_1/kernel"]?.data_offsets[0]).toBe(24);
  expect(header["flags"]?.data_offsets[0]).toBe(52);
  const read = decodeSafetensors(bytes, "file").tensors.get("sums");
  bytes.fill(0);
  expect(read?.data).toEqual(Float64Array.of(Math.PI, -1e300));
});

describe("refused with file and tensor", () => {
  test.each([
    ["no length", new Uint8Array(7), /at least 8 bytes/],
    [
      "a header longer than the file",
      Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127, 123),
      /length of at most/,
    ],
    ["no JSON", file("{nonsense", 0), /JSON/],
    ["no object", file("[1]", 0), /begins with/],
    ["bytes that are no UTF-8", Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 123, 255, 125), /UTF-8/],
    [
      "a name that reaches into objects",
      file('{"__proto__": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}}', 4),
      /__proto__/,
    ],
    ["nesting without end", file(`{"a":${"[".repeat(1000)}${"]".repeat(1000)}}`, 0), /levels/],
    ["another dtype", file({ a: entry(0, 4, { dtype: "F31" }) }, 4), /tensor "a", dtype.*F31/],
    ["another field", file({ a: entry(0, 4, { more: 1 }) }, 4), /"more"/],
    ["a missing field", file({ a: { dtype: "F32", shape: [1] } }, 4), /"data_offsets"/],
    ["a shape that is none", file({ a: entry(0, 4, { shape: [1, -1] }) }, 4), /shape\[1\]/],
    ["a fraction in a shape", file({ a: entry(0, 4, { shape: [1.5] }) }, 4), /shape\[0\]/],
    [
      "more axes than any",
      file({ a: entry(0, 4, { shape: new Array<number>(99).fill(1) }) }, 4),
      /at most 32/,
    ],
    [
      "a shape beyond numbers",
      file({ a: entry(0, 4, { shape: [2 ** 52, 2 ** 52, 0] }) }, 4),
      /bytes for F32/,
    ],
    ["a shape of another size", file({ a: entry(0, 8, { shape: [1] }) }, 8), /4 bytes for F32 \[1\], got 8/],
    ["an end beyond the data", file({ a: entry(0, 8) }, 4), /data_offsets/],
    ["an end before its beginning", file({ a: entry(4, 0, { shape: [1] }) }, 4), /a beginning and an end/],
    ["one offset", file({ a: entry(0, 4, { data_offsets: [0] }) }, 4), /a beginning and an end/],
    ["an overlap", file({ a: entry(0, 8), b: entry(4, 12) }, 12), /tensor "b".*from byte 8/],
    ["a gap", file({ a: entry(0, 4), b: entry(8, 12) }, 12), /tensor "b".*from byte 4/],
    ["data before the first", file({ a: entry(4, 8) }, 8), /from byte 0/],
    ["data behind the last", file({ a: entry(0, 4) }, 8), /4 bytes of data/],
    ["metadata that are no texts", file({ __metadata__: { a: 1 } }, 0), /__metadata__\.a/],
  ])("%s", (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, "a/b.safetensors")).toThrow(message);
    expect(() => decodeSafetensors(bytes, "a/b.safetensors")).toThrow(/^a\/b\.safetensors/);
  });

  test("data that do not fit, when writing", () => {
    const wrong = new Map<string, StoredTensor>([
      ["w", { dtype: "F32", shape: [3], data: new Float32Array(2) }],
    ]);
    expect(() => encodeSafetensors(wrong)).toThrow(UnrollError);
    const other = new Map<string, StoredTensor>([
      ["w", { dtype: "F32", shape: [2], data: new Int32Array(2) }],
    ]);
    expect(() => encodeSafetensors(other)).toThrow(/Int32Array/);
  });
});

test("4000 files with bytes changed, cut or put in give tensors or an UnrollError", () => {
  const bytes = encodeSafetensors(tensors, { format: "test" });
  const change = fc.record({
    at: fc.nat(bytes.length - 1),
    by: fc.oneof(fc.nat(255), fc.constantFrom(...[...'{}[]",:-0123456789e '].map((c) => c.charCodeAt(0)))),
    how: fc.constantFrom("set", "cut", "insert"),
  });
  let read = 0;
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const list = [...bytes];
      for (const { at, by, how } of changes)
        list.splice(at, how === "insert" ? 0 : 1, ...(how === "cut" ? [] : [by]));
      try {
        for (const { shape, data } of decodeSafetensors(Uint8Array.from(list), "file").tensors.values()) {
          expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
        }
        read++;
      } catch (error) {
        expect(error).toBeInstanceOf(UnrollError);
      }
    }),
    { numRuns: 4000, seed: 1 },
  );
  expect(read).toBeGreaterThan(100); // changed numbers, metadata and names are still tensors
  expect(read).toBeLessThan(3000);
});

test("the checksum is CRC-32", () => {
  expect(checksum(new TextEncoder().encode("123456789"))).toBe("cbf43926");
  expect(checksum(new Uint8Array())).toBe("00000000");
});
