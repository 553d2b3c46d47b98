/**
 * Tensors as bytes in the format "safetensors": names, shapes and numbers, and nothing that could be run.
 *
 *   8 bytes          the length of the header, little-endian
 *   header           JSON: { "lstm_1/kernel": { "dtype": "F32", "shape": [4, 32], "data_offsets": [0, 512] }, ... }
 *   the rest         the numbers, little-endian, without gaps or overlaps
 *
 * Bytes come from anywhere: every length and offset is checked before it is used.
 */
import { UnrollError } from "../../errors.ts";
import { shortened, spelt } from "../options.ts";
import { countAt, fault, fieldsAt, jsonFrom, listAt, textAt } from "./fields.ts";

/** What holds each kind of number; halves are given as their bits. */
interface Arrays {
  readonly F64: Float64Array;
  readonly I64: BigInt64Array;
  readonly U64: BigUint64Array;
  readonly F32: Float32Array;
  readonly I32: Int32Array;
  readonly U32: Uint32Array;
  readonly F16: Uint16Array;
  readonly BF16: Uint16Array;
  readonly I16: Int16Array;
  readonly U16: Uint16Array;
  readonly I8: Int8Array;
  readonly U8: Uint8Array;
  readonly BOOL: Uint8Array;
}
export type StoredType = keyof Arrays;
export type StoredArray = Arrays[StoredType];
interface Maker<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer): A;
}
const arrays: { readonly [T in StoredType]: Maker<Arrays[T]> } = {
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
};

export interface StoredTensor {
  readonly dtype: StoredType;
  readonly shape: readonly number[];
  readonly data: StoredArray;
}
export type StoredTensors = ReadonlyMap<string, StoredTensor>;
export interface Decoded {
  readonly tensors: StoredTensors;
  readonly metadata: Readonly<Record<string, string>>;
}

const types = Object.keys(arrays) as StoredType[]; // the keys of the table are exactly these
const prefix = 8;
/** As other readers have it. */
const mostHeader = 100_000_000;
const mostAxes = 32;
const metadataName = "__metadata__";

/** Throws an UnrollError for a tensor whose data do not fit its shape. */
export function encodeSafetensors(
  tensors: StoredTensors,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const size = ({ dtype }: StoredTensor): number => arrays[dtype].BYTES_PER_ELEMENT;
  // The widest first: then every tensor begins at a multiple of its width.
  const placed = [...tensors].sort(([, a], [, b]) => size(b) - size(a));
  const header: [string, unknown][] = metadata === undefined ? [] : [[metadataName, metadata]];
  let end = 0;
  for (const [name, tensor] of placed) {
    refuseOtherSize(name, tensor);
    const begin = end;
    end += tensor.data.byteLength;
    header.push([name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [begin, end] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const start = prefix + Math.ceil(json.length / prefix) * prefix;
  const bytes = new Uint8Array(start + end).fill(0x20, prefix + json.length, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - prefix), true);
  bytes.set(json, prefix);
  let at = start;
  for (const [, { data }] of placed) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

function refuseOtherSize(name: string, { dtype, shape, data }: StoredTensor): void {
  const fits = data instanceof arrays[dtype] && data.length === product(shape);
  if (fits && name !== metadataName && name !== "__proto__") return;
  throw new UnrollError({
    where: `tensor "${name}"`,
    expected: `${product(shape)} numbers of type ${dtype} for [${shape.join(", ")}] under a name of their own`,
    got: `${data.length} in a ${data.constructor.name}`,
    fix: "Give data that fit the shape.",
  });
}

/** `where` names the file in errors. The tensors are copies. */
export function decodeSafetensors(bytes: Uint8Array, where: string): Decoded {
  const { header, data } = parts(bytes, where);
  const entries = Object.entries(fieldsAt(jsonFrom(header, `${where}, header`), `${where}, header`));
  const extents = entries
    .filter(([name]) => name !== metadataName)
    .map(([name, entry]) => extentOf(name, entry, data.length, `${where}, tensor ${spelt(name)}`))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  refuseGaps(extents, data.length, where);
  const tensors = extents.map(({ name, dtype, shape, begin, end }): [string, StoredTensor] => {
    const copy = new Uint8Array(data.subarray(begin, end)); // begins at 0, so that wider numbers may stand in it
    return [name, { dtype, shape, data: new arrays[dtype](copy.buffer) }];
  });
  return { tensors: new Map(tensors), metadata: metadataOf(entries, where) };
}

function parts(bytes: Uint8Array, where: string): { readonly header: Uint8Array; readonly data: Uint8Array } {
  if (bytes.length < prefix) throw fault(where, "at least 8 bytes", `${bytes.length}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(0, true);
  const most = Math.min(mostHeader, bytes.length - prefix);
  if (length > BigInt(most))
    throw fault(`${where}, header`, `a length of at most ${most} bytes`, `${length}`);
  const end = prefix + Number(length);
  if (bytes[prefix] !== 0x7b) throw fault(`${where}, header`, 'JSON that begins with "{"', "something else");
  return { header: bytes.subarray(prefix, end), data: bytes.subarray(end) };
}

interface Extent {
  readonly name: string;
  readonly dtype: StoredType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function extentOf(name: string, entry: unknown, length: number, where: string): Extent {
  const { dtype, shape, data_offsets: offsets } = fieldsAt(entry, where, ["dtype", "shape", "data_offsets"]);
  const type = textAt(dtype, `${where}, dtype`, types) as StoredType; // one of the types
  const axes = listAt(shape, `${where}, shape`, mostAxes).map((axis, k) =>
    countAt(axis, `${where}, shape[${k}]`),
  );
  const [begin, end, ...more] = listAt(offsets, `${where}, data_offsets`, 2).map((offset) =>
    countAt(offset, `${where}, data_offsets`, length),
  );
  if (begin === undefined || end === undefined || more.length > 0 || begin > end)
    throw fault(`${where}, data_offsets`, "a beginning and an end", `[${String(offsets)}]`);
  const needed = product(axes) * arrays[type].BYTES_PER_ELEMENT;
  if (needed === end - begin) return { name, dtype: type, shape: axes, begin, end };
  throw fault(where, `${needed} bytes for ${type} [${axes.join(", ")}]`, `${end - begin}`);
}

function refuseGaps(extents: readonly Extent[], length: number, where: string): void {
  let at = 0;
  for (const { name, begin, end } of extents) {
    if (begin !== at)
      throw fault(`${where}, tensor ${spelt(name)}`, `data from byte ${at} on`, `from byte ${begin} on`);
    at = end;
  }
  if (at !== length) throw fault(where, `${at} bytes of data, as its tensors need`, `${length}`);
}

function metadataOf(entries: readonly [string, unknown][], where: string): Readonly<Record<string, string>> {
  const found = entries.find(([name]) => name === metadataName);
  if (found === undefined) return {};
  const place = `${where}, ${metadataName}`;
  return Object.fromEntries(
    Object.entries(fieldsAt(found[1], place)).map(([name, text]) => [
      name,
      textAt(text, `${place}.${shortened(name)}`),
    ]),
  );
}

const product = (shape: readonly number[]): number => shape.reduce((total, axis) => total * axis, 1);
