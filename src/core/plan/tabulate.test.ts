import { expect, test } from "vitest";
import { parameter } from "../graph/build.ts";
import type { Parameter } from "../graph/computation.ts";
import { type Node, rows } from "../graph/nodes.ts";
import { add, gather, matmul, mul, reverse, slice } from "../graph/operators.ts";
import { printGraph } from "../graph/print.ts";
import { verify } from "../graph/verify.ts";
import { simplify } from "./simplify.ts";
import { tabulate } from "./tabulate.ts";

const tokens = parameter("tokens", ["time", rows], "int32");
const lengths = parameter("lengths", [rows], "int32");
const kernel = parameter("kernel", [8, 20]);
const bias = parameter("bias", [20]);

function tabulated(vocabulary: number, of: (vectors: Node) => Node): ReturnType<typeof tabulate> {
  const E = parameter("E", [vocabulary, 8]);
  const weights: readonly Parameter[] = [E, kernel, bias];
  const made = tabulate(simplify([of(gather(E, tokens))]), weights);
  verify(made.roots, "tabulate");
  return made;
}

test("the product of looked-up vectors and a kernel is looked up, bias and all", () => {
  const { roots, tables } = tabulated(30, (vectors) => add(matmul(vectors, kernel), bias));
  expect(tables.map(({ key, parameter: { shape } }) => [key, shape])).toEqual([["table_0", [30, 32]]]);
  expect(tables[0]?.products.map(({ inputs }) => inputs.at(2))).toEqual([kernel]);
  expect(printGraph(roots)).toMatch(/gather/);
  expect(printGraph(roots)).not.toMatch(/affine|kernel/);
});

test("products stand side by side, each from a line of the cache on, and each once", () => {
  const others = parameter("others", ["time", rows], "int32");
  const { tables } = tabulated(30, (vectors) => {
    const again = gather(vectors.inputs[0] as Node, others);
    const [a, b] = [slice(kernel, 0, 10), slice(kernel, 10, 10)];
    return mul(matmul(vectors, a), matmul(vectors, b), matmul(again, b));
  });
  expect(tables.map(({ parameter: { shape } }) => shape)).toEqual([[30, 32]]);
  expect(tables[0]?.products.map(({ column }) => column)).toEqual([0, 16]);
});

test("turned vectors are looked up by turned tokens", () => {
  const { roots } = tabulated(30, (vectors) => matmul(reverse(vectors, lengths), kernel));
  const [root] = roots as readonly [Node];
  expect(root.op).toBe("gather");
  expect(root.inputs[1]).toMatchObject({ op: "reverse", dtype: "int32" });
});

test.each([
  [256, 1],
  [257, 0],
])("%i tokens: tables, %i", (vocabulary, count) => {
  const { roots, tables } = tabulated(vocabulary, (vectors) => matmul(vectors, kernel));
  expect(tables.length).toBe(count);
  expect(printGraph(roots).includes("affine")).toBe(count === 0);
});

test("a table of more than 2 MiB is not made", () => {
  const [E, wide] = [parameter("E", [200, 4]), parameter("wide", [4, 2640])];
  const roots = simplify([matmul(gather(E, tokens), wide)]);
  expect(tabulate(roots, [E, wide]).tables).toEqual([]);
  const narrower = parameter("narrower", [4, 2608]);
  expect(tabulate(simplify([matmul(gather(E, tokens), narrower)]), [E, narrower]).tables.length).toBe(1);
});

test("a product that begins with what rows have of their own stays", () => {
  const own = parameter("own", ["time", rows, 20]);
  expect(tabulated(30, (vectors) => add(own, matmul(vectors, kernel))).tables).toEqual([]);
});
