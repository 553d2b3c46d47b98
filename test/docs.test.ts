/**
 * Every TypeScript block of README.md and docs/*.md type-checks, under the strictest options too, and runs as written,
 * against the built package.
 * A block marked `ts` is a module of its own, `ts continue` goes on with the module before it, `ts no-run` is only
 * type-checked. The modules of one page run in order in one folder, so that a later one finds what an earlier saved.
 */

import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const run = promisify(execFile);

interface Block {
  readonly marks: readonly string[];
  /** The line of its fence, from 1. */
  readonly line: number;
  readonly code: string;
}

interface Module {
  readonly name: string;
  readonly page: string;
  readonly line: number;
  readonly runs: boolean;
  /** The code on the lines where it stands in the page. */
  readonly code: string;
}

function blocksOf(text: string): readonly Block[] {
  return [...text.matchAll(/^```([^\n`]+)\n(.*?)^```$/gms)].map((match) => ({
    marks: (match[1] ?? "").trim().split(/\s+/),
    line: text.slice(0, match.index).split("\n").length,
    code: match[2] ?? "",
  }));
}

function modulesOf(page: string, text: string): readonly Module[] {
  const modules: Module[] = [];
  for (const { marks, line, code } of blocksOf(text).filter((block) => block.marks[0] === "ts")) {
    const before = marks.includes("continue") ? modules.pop() : undefined;
    const start = before ?? { name: `${basename(page, ".md")}-${line}`, page, line, code: "" };
    const blank = "\n".repeat(Math.max(0, line + 1 - start.code.split("\n").length));
    modules.push({ ...start, runs: !marks.includes("no-run"), code: start.code + blank + code });
  }
  return modules;
}

const docs = join(root, "docs");
const guides = (existsSync(docs) ? readdirSync(docs) : []).filter((name) => name.endsWith(".md"));
const pages = ["README.md", ...guides.map((name) => `docs/${name}`)];
const textOf = (page: string): string => readFileSync(join(root, page), "utf8");
const modules = pages.flatMap((page) => modulesOf(page, textOf(page)));
const folder = mkdtempSync(join(tmpdir(), "unroll-docs-"));
let complaints = "";

/** Writes the modules beside a `node_modules` that holds this package, and compiles them. */
beforeAll(async () => {
  const options = {
    target: "ES2023",
    module: "NodeNext",
    moduleDetection: "force",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    types: ["node"],
    typeRoots: [join(root, "node_modules/@types")],
    inlineSourceMap: true,
  };
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/unroll-rnn"), "dir");
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: options, include: ["*.ts"] }),
  );
  writeFileSync(join(folder, "empty.ts"), "");
  for (const { name, page, code } of modules) {
    mkdirSync(join(folder, "runs", basename(page)), { recursive: true });
    writeFileSync(join(folder, `${name}.ts`), code);
  }
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  complaints = await run(process.execPath, [compiler, "-p", folder, "--pretty", "false"], {
    cwd: folder,
  }).then(
    () => "",
    (error: { readonly stdout: string }) => error.stdout,
  );
});

afterAll(() => rmSync(folder, { recursive: true }));

test("every block of TypeScript type-checks", () => {
  expect(complaints).toBe("");
});

test("blocks of code are marked ts, sh, json or text, so that none of TypeScript is missed", () => {
  const marks = new Set(pages.flatMap((page) => blocksOf(textOf(page)).map((block) => block.marks[0])));
  expect([...marks].filter((mark) => !/^(ts|sh|json|text|html|mermaid)$/.test(mark ?? ""))).toEqual([]);
});

test.each(modules.filter(({ runs }) => runs))("$page, line $line, runs", async ({ name, page }) => {
  const cwd = join(folder, "runs", basename(page));
  const env = { ...process.env, NO_COLOR: "1", CI: "1" };
  await run(process.execPath, ["--enable-source-maps", join(folder, `${name}.js`)], {
    cwd,
    env,
    timeout: 150_000,
  });
});

test("the import map of the page without a bundler has every name that the library asks for", () => {
  const { imports } = JSON.parse(textOf("package.json")) as {
    readonly imports: Readonly<Record<string, { readonly default: string }>>;
  };
  const map =
    /<script type="importmap">(.*?)<\/script>/s.exec(textOf("docs/getting-started.md"))?.[1] ?? "{}";
  const own = Object.entries(imports).map(([name, { default: file }]) => [name, file.slice(1)]);
  expect(JSON.parse(map)).toEqual({
    imports: { "unroll-rnn": "/dist/index.js", ...Object.fromEntries(own) },
  });
});

test("a block that goes on with the one before it makes one module, each on its own lines", () => {
  const text = "a\n```ts\nconst x = 1;\n```\nb\n```ts continue\nconst y = x;\n```\n```ts no-run\nz();\n```\n";
  const found = modulesOf("page.md", text);
  expect(found.map(({ runs, line }) => [runs, line])).toEqual([
    [true, 2],
    [false, 9],
  ]);
  expect(found[0]?.code.split("\n").slice(0, 7)).toEqual([
    "",
    "",
    "const x = 1;",
    "",
    "",
    "",
    "const y = x;",
  ]);
});
