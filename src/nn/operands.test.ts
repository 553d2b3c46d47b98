import { describe, expect, test } from "vitest";
import { parameter } from "../core/graph/build.ts";
import { UnrollError } from "../errors.ts";
import { input } from "./layers/input.ts";
import { add, clip, concat, matmul, split, sub, tanh, where } from "./operators.ts";

const x = input({ shape: [null, 4] });
const node = parameter("x", [4]) as never;

describe("operands are refused by name", () => {
  test.each([
    ["split in parts that do not divide", () => split(x, 3), /split".*4 features/],
    ["split in no parts, in a step", () => split(node, 0), /split"/],
    ["a product with a number", () => matmul(x, 2 as never), /matmul".*operand 2/],
    ["an array", () => add(node, [1, 2, 3, 4] as never), /add".*operand 2, got an array/],
    ["a text", () => tanh("a" as never), /tanh".*got "a"/],
    ["NaN", () => add(node, Number.NaN), /add".*got NaN/],
    ["more than float32 holds", () => add(x, 1e300), /add".*got 1e\+300, which is Infinity in float32/],
    ["nothing", () => concat(), /concat".*got none/],
    // @ts-expect-error the compiler says so too
    ["one operand of a difference", () => sub(x), /sub": expected 2 operands, got 1\./],
    // @ts-expect-error the same
    ["three operands of a difference, in a step", () => sub(node, 1, 2), /expected 2 operands, got 3\./],
    ["a condition alone", () => where(x, 1, undefined as never), /where".*operand 3, got undefined/],
    [
      "no number of parts",
      () => split(...([x] as unknown as [typeof x, 2])),
      /split": expected 2 operands, got 1/,
    ],
    [
      "a setting too many",
      () => tanh(...([x, 1] as unknown as [typeof x])),
      /tanh": expected 1 operand, got 2/,
    ],
    ["a range without end, which no file could keep", () => clip(x, 0, Infinity), /clip".*finite numbers/],
    ["a range upside down", () => clip(x, 1, -1), /clip".*1 and -1/],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(UnrollError);
    expect(make).toThrow(message);
  });
  test("what is right passes", () => {
    expect(split(x, 2)).toHaveLength(2);
    expect(() => add(x, 1)).not.toThrow();
    expect(() => add(x, 1, 100)).not.toThrow();
    expect(() => concat(x)).not.toThrow();
    expect(() => clip(node, -1, Infinity)).not.toThrow();
  });
});
