/**
 * JSON from outside, taken apart field by field: whatever is not as it has to be is refused with file and place.
 *
 *   where   'runs/a/config.json, model.layers[2].options'
 */
import { UnrollError } from "../../errors.ts";
import { shortened, spelt } from "../options.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** Deeper than anything that this library writes. */
const mostDepth = 64;
/** Names that objects have from elsewhere: no file has them. */
export const inherited: readonly string[] = ["__proto__", "constructor", "prototype"];

/** The value of JSON text, its bytes in UTF-8, of bounded depth and without names that could reach into objects. */
export function jsonFrom(content: Uint8Array | string, where: string): unknown {
  const value = parsed(content, where);
  let level: readonly unknown[] = [value];
  while (level.length > 0) level = level.flatMap((one) => inside(one, where));
  return value;
}

function parsed(content: Uint8Array | string, where: string): unknown {
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const text = typeof content === "string" ? content : decoder.decode(content);
    refuseDeeper(text, where);
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof UnrollError) throw error;
    throw fault(where, "JSON in UTF-8", error instanceof Error ? shortened(error.message) : "something else");
  }
}

/** Before it is parsed: a value takes far more memory than the brackets that it is written with. */
function refuseDeeper(text: string, where: string): void {
  let depth = 0;
  for (let k = 0; k < text.length; k++) {
    const letter = text[k];
    if (letter === '"') k = endOfText(text, k);
    else if (letter === "[" || letter === "{") depth++;
    else if (letter === "]" || letter === "}") depth--;
    if (depth > mostDepth) throw fault(where, `at most ${mostDepth} levels of nesting`, "more");
  }
}

/** Where the text that begins at `from` ends. */
function endOfText(text: string, from: number): number {
  let k = from + 1;
  while (k < text.length && text[k] !== '"') k += text[k] === "\\" ? 2 : 1;
  return k;
}

function inside(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== "object" || value === null) return [];
  const name = Object.keys(value).find((key) => inherited.includes(key));
  if (name !== undefined) throw fault(where, "names of fields", `"${name}"`);
  return Object.values(value);
}

/** An object; with `names` one that has these fields, those that end in "?" perhaps, and no others. */
export function fieldsAt(value: unknown, where: string, names?: readonly string[]): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw fault(where, "an object", spelt(value));
  if (names === undefined) return value as Fields;
  const known = names.map((name) => name.replace("?", ""));
  const other = Object.keys(value).find((key) => !known.includes(key));
  if (other !== undefined) throw fault(where, `fields ${known.join(", ")}`, `"${shortened(other)}"`);
  const missing = names.find((name) => !name.endsWith("?") && !Object.hasOwn(value, name));
  if (missing !== undefined) throw fault(where, `the field "${missing}"`, "none");
  return value as Fields;
}

export function listAt(value: unknown, where: string, most: number = 100_000): readonly unknown[] {
  if (!Array.isArray(value)) throw fault(where, "an array", spelt(value));
  if (value.length > most) throw fault(where, `an array of at most ${most}`, `one of ${value.length}`);
  return value;
}

export function textAt(value: unknown, where: string, among?: readonly string[]): string {
  if (typeof value !== "string") throw fault(where, "a text", spelt(value));
  if (among === undefined || among.includes(value)) return value;
  throw fault(where, `one of ${among.join(", ")}`, spelt(value));
}

export function numberAt(value: unknown, where: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw fault(where, "a number", spelt(value));
  return value;
}

/** A whole number from 0 to `most`. */
export function countAt(value: unknown, where: string, most: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most)
    return value as number;
  throw fault(where, `a whole number from 0 to ${most}`, spelt(value));
}

/** What is wrong with a file. */
export function fault(where: string, expected: string, got: string): UnrollError {
  const fix = "The file is damaged, or of another version of Unroll: use a copy, or save the model again.";
  return new UnrollError({ where, expected, got, fix });
}
