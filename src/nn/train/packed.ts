/**
 * Plain data as JSON and arrays beside it, for files.
 *
 *   { best: 0.5, weights: [Float32Array] }  ->  { "best": 0.5, "weights": [{ "$array": "name/weights/0" }] }
 *
 * Numbers keep their bits, those included that JSON does not have.
 */
import { UnrollError } from "../../errors.ts";
import { fault, fieldsAt, inherited, textAt } from "../model/fields.ts";
import type { StoredTensor, StoredTensors } from "../model/safetensors.ts";
import { shortened } from "../options.ts";

const numbers: ReadonlyMap<unknown, number> = new Map(
  [NaN, Infinity, -Infinity, -0].map((x) => [spelling(x), x]),
);
/** Levels of nesting, in a file that may have 64. */
const most = 60;

/** Puts arrays into `tensors`, under names that begin with `name`. Throws an UnrollError for what no file can hold. */
export function packed(value: unknown, name: string, tensors: Map<string, StoredTensor>, depth = 0): unknown {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return numberText(value);
  const tensor = tensorOf(value);
  if (tensor !== null) {
    tensors.set(name, tensor);
    return { $array: name };
  }
  if (depth < most && Array.isArray(value))
    return value.map((one, k) => packed(one ?? null, `${name}/${k}`, tensors, depth + 1));
  if (depth === most || !isPlain(value)) throw unsaved(name, value);
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  if (entries.some(([key]) => key.startsWith("$") || inherited.includes(key))) throw unsaved(name, value);
  return Object.fromEntries(
    entries.map(([key, one]) => [key, packed(one, `${name}/${key}`, tensors, depth + 1)]),
  );
}

function numberText(value: number): unknown {
  return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: spelling(value) };
}

function spelling(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function tensorOf(data: unknown): StoredTensor | null {
  if (data instanceof Float32Array) return { dtype: "F32", shape: [data.length], data };
  if (data instanceof Float64Array) return { dtype: "F64", shape: [data.length], data };
  if (data instanceof Int32Array) return { dtype: "I32", shape: [data.length], data };
  return data instanceof Uint8Array
    ? { dtype: "U8", shape: [data.length], data: new Uint8Array(data) }
    : null;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function unsaved(name: string, value: unknown): UnrollError {
  return new UnrollError({
    where: `what is to be saved as "${name}"`,
    expected: "plain data: numbers, texts, arrays and objects of them",
    got: typeof value === "object" ? "an object of another kind" : typeof value,
    fix: "Let getState of the callback give such data.",
  });
}

/** The way back. `value` is JSON from outside. */
export function unpacked(value: unknown, tensors: StoredTensors, where: string): unknown {
  if (Array.isArray(value)) return value.map((one, k) => unpacked(one, tensors, `${where}[${k}]`));
  if (typeof value !== "object" || value === null) return value;
  if ("$number" in value) {
    const number = numbers.get(fieldsAt(value, where, ["$number"])["$number"]);
    if (number === undefined) throw fault(where, `one of ${[...numbers.keys()].join(", ")}`, "another text");
    return number;
  }
  if ("$array" in value) {
    const tensor = tensors.get(textAt(fieldsAt(value, where, ["$array"])["$array"], where));
    if (tensor === undefined) throw fault(where, "the name of an array in the file", "another text");
    return tensor.data;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, unpacked(one, tensors, `${where}.${shortened(key)}`)]),
  );
}
