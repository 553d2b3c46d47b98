/** What one step takes, checked and put where the device reads it: a row for each stream. */
import type { HostArray } from "../../core/run/device.ts";
import { UnrollError } from "../../errors.ts";
import { isFloat32, lostIn32 } from "../float32.ts";
import { askedBy } from "../model/data.ts";
import type { End, Network } from "../model/network.ts";
import { listed, type Structure } from "../model/structure.ts";
import { flattened, sizeOf } from "../model/tensor.ts";
import { spelt } from "../options.ts";

/** How errors call the push of a stream. */
export type Where = (stream: number) => string;

export interface Feeds {
  /** `[rows, ...]` for each input: the numbers of the last steps that were written. */
  readonly values: readonly HostArray[];
  /** Throws an UnrollError when `x` is not one step of the model; the row may then hold a part of it. */
  readonly write: Write;
}
/** Writes one step into a row, for a stream. */
type Write = (x: unknown, row: number, stream: number) => void;

export function feedsOf({ network, rows, where }: Feeding): Feeds {
  const { inputs, inputsAs } = network;
  const feeds = inputs.map((end) => {
    const named: Where = (stream) => `${where(stream)}, "${end.name}"`;
    return feedOf(network, end, { rows, where: inputs.length > 1 ? named : where });
  });
  const values = feeds.map((feed) => feed.values);
  const [only] = feeds;
  if (only && inputsAs.as === "one") return { values, write: only.write };
  const keys = inputsAs.as === "list" ? inputs.map((_, k) => k) : inputsAs.names;
  const writes = feeds.map(({ write }) => write);
  const write: Write = (x, row, stream) => {
    if (!complete(inputsAs, x)) listed(inputsAs, x, where(stream)); // which says what is wrong
    const given = x as Readonly<Record<string | number, unknown>>;
    for (let k = 0; k < writes.length; k++) (writes[k] as Write)(given[keys[k] as string], row, stream);
  };
  return { values, write };
}

interface Feeding {
  readonly network: Network;
  readonly rows: number;
  readonly where: Where;
}
interface Feed {
  readonly values: HostArray;
  readonly write: Write;
}
/** An array of rows, and the shape of one. */
interface Target {
  readonly values: HostArray;
  readonly inner: readonly number[];
  readonly size: number;
  readonly where: Where;
}

/** Everything is there and nothing else; allocates nothing. */
function complete({ as, names }: Structure, x: unknown): boolean {
  if (as === "list") return Array.isArray(x) && x.length === names.length;
  if (typeof x !== "object" || x === null) return false;
  let count = 0;
  for (const name in x) {
    if (!names.includes(name)) return false;
    count++;
  }
  return count === names.length;
}

function feedOf(network: Network, end: End, { rows, where }: Omit<Feeding, "network">): Feed {
  const { axes, dtype, time, tokens } = askedBy(network, end);
  const inner = axes.slice(time === null ? 0 : 1).map((axis) => axis ?? 1);
  const size = sizeOf(inner);
  const values = new (dtype === "int32" ? Int32Array : Float32Array)(rows * size);
  const target: Target = { values, inner, size, where };
  if (inner.length > 0) return { values, write: (x, row, stream) => writeNumbers(target, x, row, stream) };
  const limit = tokens ?? 2 ** 31;
  const write: Write = (x, row, stream) => {
    if (typeof x !== "number" || !Number.isInteger(x) || x < 0 || x >= limit)
      throw noToken(x, limit, where(stream));
    values[row] = x;
  };
  return { values, write };
}

function noToken(x: unknown, limit: number, where: string): UnrollError {
  const isNumber = typeof x === "number";
  return new UnrollError({
    where,
    expected: `a token from 0 to ${limit - 1}`,
    got: spelt(x),
    fix: isNumber ? "Check how the tokens were made." : "Push one token of a stream at a time.",
  });
}

function writeNumbers({ values, inner, size, where }: Target, x: unknown, row: number, stream: number): void {
  const nested = inner.length > 1 && Array.isArray(x);
  const numbers = nested ? flattened(x, where(stream)).data : x;
  if ((!Array.isArray(numbers) && !ArrayBuffer.isView(numbers)) || lengthOf(numbers) !== size) {
    throw new UnrollError({
      where: where(stream),
      expected: `one step, [${inner.join(", ")}]`,
      got: spelt(x),
      fix: "Push one step of one sequence, without axes for batch and time.",
    });
  }
  const list = numbers as unknown as ArrayLike<unknown>;
  const whole = values instanceof Int32Array;
  const start = row * size;
  for (let k = 0; k < size; k++) {
    const value = list[k];
    if (!(whole ? isInt32(value) : isFloat32(value)))
      throw noNumber(value, whole, `${where(stream)}, number ${k}`);
    values[start + k] = value as number;
  }
}

const isInt32 = (x: unknown): x is number => Number.isInteger(x) && x === ((x as number) | 0);

const noNumber = (value: unknown, whole: boolean, where: string): UnrollError =>
  new UnrollError({
    where,
    expected: whole ? "a whole number of 32 bits" : "a finite number",
    got: `${spelt(value)}${whole ? "" : lostIn32(value)}`,
    fix: Array.isArray(value) ? "Push one step of a stream at a time." : "Clean the data first.",
  });

const lengthOf = (x: object): number => ("length" in x ? Number(x.length) : -1);
