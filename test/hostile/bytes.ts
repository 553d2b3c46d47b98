/** Bytes that are no longer what they were: flipped, cut, inserted, spliced, numbers put where lengths may stand. */
import type { Dice } from "./dice.ts";

type Change = (bytes: Uint8Array, dice: Dice, others: readonly Uint8Array[]) => Uint8Array;

const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
const odd: readonly number[] = [0, 1, 0x22, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0xc3, 0xed, 0xff];
const lengths: readonly bigint[] = [
  0n,
  1n,
  7n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** A part of bytes, from 1 to 64 long where there are as many. */
function part(bytes: Uint8Array, dice: Dice): [from: number, to: number] {
  const from = dice.below(bytes.length);
  return [from, Math.min(bytes.length, from + 1 + dice.below(64))];
}

const changes: readonly Change[] = [
  function flip(bytes, dice) {
    const at = dice.below(bytes.length);
    return bytes.with(at, (bytes[at] ?? 0) ^ (1 << dice.below(8)));
  },
  (bytes, dice) => bytes.with(dice.below(bytes.length), dice.pick(odd)),
  (bytes, dice) => bytes.slice(0, dice.below(bytes.length)), // the end is cut off
  function cutOut(bytes, dice) {
    const [from, to] = part(bytes, dice);
    return join(bytes.subarray(0, from), bytes.subarray(to));
  },
  function insert(bytes, dice) {
    const at = dice.below(bytes.length + 1);
    const more = Uint8Array.from({ length: 1 + dice.below(16) }, () => dice.below(256));
    return join(bytes.subarray(0, at), more, bytes.subarray(at));
  },
  function repeat(bytes, dice) {
    const [from, to] = part(bytes, dice);
    return join(bytes.subarray(0, to), bytes.subarray(from));
  },
  function splice(bytes, dice, others) {
    const other = dice.pick(others);
    return join(bytes.subarray(0, dice.below(bytes.length)), other.subarray(dice.below(other.length)));
  },
  function putLength(bytes, dice) {
    const copy = bytes.slice();
    const width = dice.pick([4, 8]);
    if (copy.length < width) return copy;
    const view = new DataView(copy.buffer);
    const at = dice.oneIn(2) ? 0 : dice.below(copy.length - width + 1);
    if (width === 8) view.setBigUint64(at, dice.pick(lengths), true);
    else view.setUint32(at, Number(BigInt.asUintN(32, dice.pick(lengths))), true);
    return copy;
  },
];

/** One to three changes; `others` are what parts may come from. */
export function changedBytes(bytes: Uint8Array, dice: Dice, others: readonly Uint8Array[]): Uint8Array {
  let changed = bytes;
  for (let left = 1 + dice.below(3); left > 0 && changed.length > 0; left--)
    changed = dice.pick(changes)(changed, dice, others);
  return changed;
}
