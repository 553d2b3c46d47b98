/** Where a model begins: a symbol with a shape. */
import { UnrollError } from "../../errors.ts";
import { checkOptions, oneOf, text } from "../options.ts";
import type { Kind, Signal } from "../signals.ts";
import { makeSymbol } from "../symbols.ts";

export type InputShape = readonly (number | null)[];
type KindOf<S extends InputShape, D> = number extends S["length"]
  ? Kind
  : [D] extends ["int32"]
    ? S extends readonly [unknown]
      ? "tokens"
      : "sequence" | "other"
    : S extends readonly [unknown, unknown]
      ? "sequence"
      : S extends readonly [unknown]
        ? "vector"
        : S extends readonly [infer First, unknown, unknown]
          ? [First] extends [number]
            ? "image"
            : [First] extends [null]
              ? "other"
              : "image" | "other"
          : "other";

/**
 * The input of a model, without the batch: `[null, 4]` are sequences of any length with 4 features, `[7]` vectors,
 * `[null]` with dtype "int32" tokens, `[28, 28, 1]` images, `[null, 28, 28, 1]` videos.
 */
export function input<const S extends InputShape, D extends "float32" | "int32" = "float32">(options: {
  readonly shape: S;
  readonly dtype?: D;
  readonly name?: string;
}): Signal<KindOf<S, D>, S extends readonly [...unknown[], infer W extends number] ? W : number, "causal"> {
  checkOptions("input", options, { shape: shapeCheck, dtype: oneOf("float32", "int32"), name: text }, [
    "shape",
  ]);
  const { shape, dtype = "float32", name = null } = options;
  const fault = faultOf(shape, dtype);
  if (fault)
    throw new UnrollError({
      where: "input(options), shape",
      got: `[${shape.map(String).join(", ")}]`,
      ...fault,
    });
  const symbol = makeSymbol({ axes: [...shape], dtype, time: "causal" }, { input: { name } });
  // The type says of the shape what the symbol's facts say of it.
  return symbol as unknown as ReturnType<typeof input<S, D>>;
}

const shapeCheck = {
  expected: "an array such as [null, 4], without the batch",
  holds: (x: unknown): boolean =>
    Array.isArray(x) &&
    x.length > 0 &&
    [...x].every((axis) => axis === null || (Number.isInteger(axis) && axis > 0)),
};

function faultOf(
  shape: InputShape,
  dtype: string,
): { readonly expected: string; readonly fix: string } | null {
  if (shape.slice(1).includes(null))
    return {
      expected: "null for time alone, the first axis",
      fix: "Give the number of features as the last axis.",
    };
  if (dtype === "float32" && shape.length === 1 && shape[0] === null)
    return {
      expected: "a known number of features as the last axis",
      fix: 'For tokens set dtype: "int32"; for sequences of single numbers shape: [null, 1].',
    };
  return null;
}
