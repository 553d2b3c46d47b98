/** Safetensors whose parts contradict each other: lengths of headers, offsets, dtypes, shapes, names. */
import { changedBytes } from "./bytes.ts";
import type { Dice } from "./dice.ts";
import { changedJson } from "./json.ts";

interface Entry {
  dtype: unknown;
  shape: unknown[];
  data_offsets: unknown[];
}
type Change = (entry: Entry, other: Entry, dice: Dice) => void;

const dtypes: readonly unknown[] = [
  "F64",
  "F32",
  "F16",
  "BOOL",
  "I64",
  "U8",
  "F8_E4M3",
  "toString",
  "__proto__",
  4,
];
const sizes: readonly number[] = [0, 1, 2, 3, 4, 8, 1.5, -4, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 1e300];

const changes: readonly Change[] = [
  (entry, _, dice) => {
    entry.dtype = dice.pick(dtypes);
  },
  (entry, other) => {
    // both of the same bytes
    entry.data_offsets = [...other.data_offsets];
  },
  (entry, _, dice) => {
    entry.data_offsets[dice.below(2)] = dice.pick(sizes);
  },
  function moved(entry, _, dice) {
    const by = dice.pick([-8, -4, -1, 1, 4, 8]);
    entry.data_offsets = entry.data_offsets.map((offset) => Number(offset) + by);
  },
  (entry) => void entry.data_offsets.reverse(),
  (entry, _, dice) => {
    entry.shape = Array.from({ length: dice.below(40) }, () => dice.pick(sizes));
  },
  (entry, _, dice) => {
    entry.shape[dice.below(entry.shape.length + 1)] = dice.pick(sizes);
  },
  (entry, other) => {
    entry.shape = [...other.shape];
  },
];

/** A file whose header tells something else, its length most often right. */
export function changedTensors(bytes: Uint8Array, dice: Dice, others: readonly Uint8Array[]): Uint8Array {
  if (dice.oneIn(3)) return changedBytes(bytes, dice, others);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  const header = dice.oneIn(2) ? changedJson(text, dice) : contradicted(text, dice);
  const data = dice.oneIn(8)
    ? changedBytes(bytes.subarray(8 + length), dice, others)
    : bytes.subarray(8 + length);
  return assembled(new TextEncoder().encode(header), data, dice);
}

function contradicted(text: string, dice: Dice): string {
  const header = JSON.parse(text) as Record<string, Entry>;
  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
  for (let left = 1 + dice.below(2); left > 0 && entries.length > 0; left--) {
    const [, entry] = dice.pick(entries);
    dice.pick(changes)(entry, dice.pick(entries)[1], dice);
  }
  return JSON.stringify(header);
}

const lengths: readonly bigint[] = [
  0n,
  1n,
  2n,
  2n ** 31n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

function assembled(header: Uint8Array, data: Uint8Array, dice: Dice): Uint8Array {
  const bytes = new Uint8Array(8 + header.length + data.length);
  const right = BigInt(header.length);
  const length = dice.oneIn(12)
    ? dice.pick([...lengths, right + 1n, right - 1n, BigInt(bytes.length)])
    : right;
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, length), true);
  bytes.set(header, 8);
  bytes.set(data, 8 + header.length);
  return bytes;
}
