/** What one step takes, checked and put where the device reads it. */
import type { HostArray } from "../../core/run/device.ts";
import { UnrollError } from "../../errors.ts";
import { askedBy } from "../model/data.ts";
import type { End, Network } from "../model/network.ts";
import { flattened, sizeOf } from "../model/tensor.ts";

export interface Feed {
  /** The numbers of the last step that was written. */
  readonly values: HostArray;
  /** Throws an UnrollError when `x` is not one step of this input; the values may then be a part of it. */
  readonly write: (x: unknown) => void;
}

export function feedOf(network: Network, end: End, where: string): Feed {
  const { axes, dtype, time, tokens } = askedBy(network, end);
  const inner = axes.slice(time === null ? 0 : 1).map((axis) => axis ?? 1);
  const values = new (dtype === "int32" ? Int32Array : Float32Array)(sizeOf(inner));
  if (inner.length === 0) return { values, write: (x) => writeToken(values, x, tokens ?? 2 ** 31, where) };
  return { values, write: (x) => writeNumbers(values, x, inner, where) };
}

function writeToken(values: HostArray, x: unknown, tokens: number, where: string): void {
  if (typeof x !== "number" || !Number.isInteger(x) || x < 0 || x >= tokens) {
    throw new UnrollError({
      where,
      expected: `a token from 0 to ${tokens - 1}`,
      got: typeof x === "number" ? String(x) : spelt(x),
      fix:
        typeof x === "number"
          ? "Check how the tokens were made."
          : "Push one token at a time: session.push(3).",
    });
  }
  values[0] = x;
}

function writeNumbers(values: HostArray, x: unknown, inner: readonly number[], where: string): void {
  const nested = inner.length > 1 && Array.isArray(x);
  const numbers = nested ? flattened(x, where).data : x;
  if ((!Array.isArray(numbers) && !ArrayBuffer.isView(numbers)) || lengthOf(numbers) !== values.length) {
    throw new UnrollError({
      where,
      expected: `one step, [${inner.join(", ")}]`,
      got: spelt(x),
      fix: "Push one step of one sequence, without axes for batch and time.",
    });
  }
  const list = numbers as unknown as ArrayLike<unknown>;
  const fits = values instanceof Int32Array ? Number.isInteger : Number.isFinite;
  for (let k = 0; k < values.length; k++) {
    const value = list[k];
    if (!fits(value)) {
      throw new UnrollError({
        where: `${where}, number ${k}`,
        expected: values instanceof Int32Array ? "a whole number" : "a finite number",
        got: typeof value === "number" ? String(value) : spelt(value),
        fix: Array.isArray(value) ? "Push one step at a time." : "Clean the data first.",
      });
    }
    values[k] = value as number;
  }
}

const lengthOf = (x: object): number => ("length" in x ? Number(x.length) : -1);

function spelt(x: unknown): string {
  if (Array.isArray(x)) return `an array of ${x.length}`;
  if (ArrayBuffer.isView(x)) return `a typed array of ${lengthOf(x)}`;
  return x === null ? "null" : typeof x === "number" ? "a number" : typeof x;
}
