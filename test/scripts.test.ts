import { describe, expect, test } from "vitest";
import { nameFaults, publicNames } from "../scripts/exports.ts";
import { borderFaults } from "../scripts/imports.ts";
import { referencePage } from "../scripts/reference.ts";
import { samenessFaults } from "../scripts/sameness.ts";
import { measureSizes } from "../scripts/size.ts";
import { parseSource, type Source } from "../scripts/source.ts";

const sourcesOf = (files: Readonly<Record<string, string>>): readonly Source[] =>
  Object.entries(files).map(([path, text]) => parseSource(path, text));

describe("imports", () => {
  const faultsOf = (files: Readonly<Record<string, string>>): string[] => borderFaults(sourcesOf(files), {});

  test("what follows the order of the house passes", () => {
    const files = {
      "src/index.ts": 'export { fit } from "./nn/train/fit.ts";',
      "src/core/index.ts": 'export { fuse } from "./plan/fuse.ts";',
      "src/nn/cells/lstm.ts": 'import { add } from "../operators.ts";',
      "src/core/plan/fuse.ts":
        'import type { Node } from "../graph/nodes.ts"; import { UnrollError } from "../../errors.ts";',
      "src/core/run/threads.ts": 'export const open = () => import("./threads.node.ts");',
      "src/core/run/threads.node.ts":
        'import { Worker } from "node:worker_threads"; export const w = Worker;',
      "src/core/grad/rules.test.ts":
        'import { run } from "../run/reference.ts"; import { test } from "vitest";',
      "src/nn/model/save.ts": 'import { writeFolder } from "#store";',
      "src/node/cli/main.ts":
        'import { Command } from "commander"; import { readFile } from "node:fs/promises";',
    };
    expect(faultsOf(files)).toEqual([]);
  });

  test.each([
    [
      "a floor below",
      "src/core/graph/a.ts",
      'import { x } from "../../nn/cells/b.ts";',
      /floor core stands before/,
    ],
    [
      "a type of a floor below",
      "src/core/graph/a.ts",
      'import type { x } from "../../nn/cells/b.ts";',
      /floor core/,
    ],
    ["a folder below", "src/core/graph/a.ts", 'export { x } from "../run/b.ts";', /graph stands before run/],
    ["a folder, from what all share", "src/nn/a.ts", 'import { x } from "./cells/b.ts";', /share.* stands/],
    [
      "a floor, from the root",
      "src/errors.ts",
      'import { x } from "./core/graph/b.ts";',
      /src stands before/,
    ],
    ["Node's modules", "src/nn/train/a.ts", 'import { x } from "node:fs";', /node:\* stays/],
    ["Node's modules when used", "src/nn/train/a.ts", 'await import("node:fs");', /node:\* stays/],
    ["a file of Node's", "src/core/run/a.ts", 'import { x } from "./a.node.ts";', /dynamic import only/],
    ["a package", "src/work/data/a.ts", 'import { x } from "fflate";', /no dependency/],
    ["the entry", "src/node/cli/a.ts", 'import { x } from "../../index.ts";', /nothing inside src/],
    [
      "Node's floor, from the entry",
      "src/index.ts",
      'export { x } from "./node/cli/a.ts";',
      /for browsers too/,
    ],
    ["the tests", "src/nn/train/a.ts", 'import { x } from "../../../test/a.ts";', /outside src/],
    ["by .js", "src/nn/train/a.ts", 'import { x } from "./b.js";', /end in \.ts/],
  ])("caught: importing %s", (_, path, text, message) => {
    expect(faultsOf({ [path]: text })).toEqual([expect.stringMatching(message)]);
  });

  test("caught: a cycle, of types too", () => {
    const [fault, ...others] = faultsOf({
      "src/core/graph/a.ts": 'import { b } from "./b.ts"; export const a = b;',
      "src/core/graph/b.ts": 'import type { C } from "./c.ts"; export const b = 1;',
      "src/core/graph/c.ts": 'import { a } from "./a.ts"; export type C = typeof a;',
    });
    expect(fault).toMatch(/cycle.*a\.ts -> .*b\.ts -> .*c\.ts -> .*a\.ts/);
    expect(others).toEqual([]);
  });

  test("caught: words of networks in the core's names, not in its comments, strings and tests", () => {
    const text = "// an LSTM\nexport const inLayer = 'layer';\n";
    expect(faultsOf({ "src/core/graph/a.ts": text })).toEqual([
      expect.stringMatching(/a\.ts:2: .*"inLayer"/),
    ]);
    expect(faultsOf({ "src/core/graph/a.test.ts": text, "src/nn/cells/a.ts": text })).toEqual([]);
  });

  test("caught: a folder that the house does not have", () => {
    expect(faultsOf({ "src/core/helpers/a.ts": "", "src/tools/a.ts": "" })).toHaveLength(2);
  });

  test("an exception counts until it is no longer needed", () => {
    const sources = sourcesOf({ "src/core/graph/a.ts": 'import { x } from "../run/b.ts";' });
    const allowed = { "src/core/graph/a.ts -> src/core/run/b.ts": "a reason" };
    expect(borderFaults(sources, allowed)).toEqual([]);
    expect(borderFaults([], allowed)).toEqual([expect.stringContaining("no longer needed")]);
  });
});

describe("sameness", () => {
  const faultsOf = (text: string, allowed: Readonly<Record<string, string>> = {}): string[] =>
    samenessFaults(sourcesOf({ "src/nn/train/a.ts": text }), allowed);

  test("what the language fixes passes", () => {
    const fixed = "Math.sqrt(2) + Math.abs(x) + Math.fround(x) + 2 ** -149 + (-1) ** n + exp(x) + model.log";
    expect(faultsOf(fixed)).toEqual([]);
  });

  test.each([
    ["a function of Math that is rounded freely", "Math.exp(x)", /a\.ts:1: Math\.exp/],
    ["the same, by its name as a text", 'Math["tanh"](x)', /Math\.tanh/],
    ["the same, taken out", "const { log } = Math;", /Math/],
    ["a power", "x ** 2", /\*\*/],
    ["a power in place", "x **= 3", /\*\*=/],
    ["random numbers of the host", "Math.random()", /random/],
    ["random bytes of the host", "crypto.getRandomValues(bytes)", /getRandomValues/],
    ["the time", "Date.now()", /Date/],
    ["a date of now", "new Date()", /Date/],
    ["a clock", "performance.now()", /performance/],
    ["a language", "a.localeCompare(b)", /localeCompare/],
    ["a country", "(1.5).toLocaleString()", /toLocaleString/],
    ["both", "new Intl.NumberFormat()", /Intl/],
  ])("caught: %s", (_, text, message) => {
    expect(faultsOf(text)).toEqual([expect.stringMatching(message)]);
  });

  test("an exception counts until it is no longer needed", () => {
    const allowed = { "src/nn/train/a.ts: Date": "a reason" };
    expect(faultsOf("Date.now()", allowed)).toEqual([]);
    expect(faultsOf("1", allowed)).toEqual([expect.stringContaining("no longer needed")]);
  });
});

describe("size", () => {
  const lines = (count: number): string => "  call();\n".repeat(count);
  const faultsOf = (text: string, allowed = {}): readonly string[] =>
    measureSizes(sourcesOf({ "src/nn/train/a.ts": text }), allowed).faults;

  test("blanks and comments are no lines", () => {
    expect(faultsOf(lines(400) + "\n// nothing\n/* at\n all */\n".repeat(50))).toEqual([]);
    expect(faultsOf(lines(401))).toEqual([expect.stringMatching(/lines in a file: .*401/)]);
  });

  test("a function of 60 lines is the longest; a table may be longer", () => {
    expect(faultsOf(`function f() {\n${lines(58)}}`)).toEqual([]);
    expect(faultsOf(`function f() {\n${lines(59)}}`)).toEqual([expect.stringMatching(/a\.ts f has 61/)]);
    expect(faultsOf(`const f = () => ({\n${"  a: 1,\n".repeat(80)}} as const);`)).toEqual([]);
  });

  test("budgets of the floors", () => {
    const files = Object.fromEntries(
      Array.from({ length: 31 }, (_, k) => [`src/core/run/a${k}.ts`, lines(390)]),
    );
    expect(measureSizes(sourcesOf(files), {}).faults).toEqual([
      expect.stringMatching(/src\/core has 12090 lines/),
    ]);
  });

  test.each([
    ["any", "let a: any;", /any and @ts-ignore/],
    ["@ts-ignore", "// @ts-ignore\nlet a = 1;", /any and @ts-ignore/],
    ["a class on a class", "class A {}\nclass B extends A {}", /inheritance/],
    ["a wide line", `// ${"x".repeat(120)}`, /width/],
  ])("caught: %s", (_, text, message) => {
    expect(faultsOf(text)).toEqual([expect.stringMatching(message)]);
  });

  test("parameters, nesting and casts are printed", () => {
    const deep = "if (a) { for (;;) { while (b) { try { c(); } catch { d(); } } } }";
    const text = `function f(a, b, c, d, e) { ${deep} }\nconst g = 1 as unknown;\nconst h = [1] as const;`;
    const printed = measureSizes(sourcesOf({ "src/nn/train/a.ts": text }), {}).lines.join("\n");
    expect(printed).toMatch(/parameters: .*a\.ts f has 5/);
    expect(printed).toMatch(/nesting in a function: .*a\.ts f has 4/);
    expect(printed.match(/unexplained as: .*/g)).toEqual([expect.stringContaining("a.ts:2")]);
  });

  test("an exception counts until it is no longer needed", () => {
    const allowed = { "lines in a file: src/nn/train/a.ts": "a reason" };
    expect(faultsOf(lines(500), allowed)).toEqual([]);
    expect(faultsOf(lines(5), allowed)).toEqual([expect.stringContaining("no longer needed")]);
  });
});

describe("exports", () => {
  test("every form of export gives its name", () => {
    const text =
      'export { a, type B, c as d } from "./x.ts"; export type { E } from "./y.ts"; export const f = 1;';
    const names = publicNames(
      sourcesOf({ "src/index.ts": text, "src/core/index.ts": "export function g() {}" }),
    );
    expect(names.filter((name) => name.startsWith("unroll-rnn "))).toEqual([
      "unroll-rnn a",
      "unroll-rnn d",
      "unroll-rnn f",
      "unroll-rnn type B",
      "unroll-rnn type E",
    ]);
    expect(names).toContain("unroll-rnn/core g");
  });

  test("caught: a name gone, a name new, names not listed by hand", () => {
    const now = publicNames(
      sourcesOf({ "src/index.ts": 'export { a } from "./x.ts"; export * from "./y.ts";' }),
    );
    const faults = nameFaults(now, ["unroll-rnn a", "unroll-rnn b"]);
    expect(faults).toEqual(["- unroll-rnn b", "+ unroll-rnn *", "unroll-rnn *: list the names by hand"]);
  });
});

test("a page of the reference has each name's comment and declaration", () => {
  const sources = sourcesOf({
    "dist/index.d.ts": 'export { a as b, type T } from "./x.ts";',
    "dist/x.d.ts": 'export type { T } from "./y.ts";\n/** One. */\nexport declare const a: number;',
    "dist/y.d.ts": "/**\n * Two,\n * see {@link a}.\n */\nexport interface T {\n  readonly x: 1;\n}",
  });
  const page = referencePage("unroll-rnn", "dist/index.d.ts", sources);
  expect(page).toContain("## b\n\nOne.\n\n```ts no-run\nexport declare const a: number;\n```");
  expect(page).toContain("## T\n\nTwo,\nsee `a`.\n\n```ts no-run\nexport interface T {");
});
