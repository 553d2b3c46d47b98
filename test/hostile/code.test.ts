/** Nothing that is read is ever run: src/ has no way to make code of a text, and starts no program through a shell. */
import { expect, test } from "vitest";
import { parseSource, readSources, type Source, type SyntaxNode, walk } from "../../scripts/source.ts";

/** The one place that starts a program, the user's own C compiler, with its arguments as a list. */
const startsPrograms = ["src/core/run/native.node.ts"];
/** The places that load a package by its name. */
const loadsPackages = ["src/core/run/ready.ts", "src/node/cli/start.ts"];

const own = (): readonly Source[] => readSources("src").filter(({ isTest }) => !isTest);
const called = (node: SyntaxNode): string => {
  const callee = node["callee"] as SyntaxNode | undefined;
  return String(callee?.["name"] ?? (callee?.["property"] as SyntaxNode | undefined)?.["name"] ?? "");
};
const textOf = (source: Source, { start, end }: SyntaxNode): string => source.text.slice(start, end);

/** What of a file makes code, or starts what is none of this library's: one line each. */
function waysIn(source: Source): readonly string[] {
  const found: string[] = [];
  const tell = (what: string): void => void found.push(`${source.path}: ${what}`);
  const may = (places: readonly string[]): boolean => places.includes(source.path);
  for (const { specifier } of source.imports)
    if (/^node:(vm|inspector|repl|cluster|child_process)/.test(specifier) && !may(startsPrograms))
      tell(specifier);
  walk(source.program, (node) => {
    const isCall = node.type === "CallExpression" || node.type === "NewExpression";
    const name = isCall ? called(node) : "";
    if (["eval", "Function", "runInContext", "runInThisContext", "importScripts"].includes(name)) tell(name);
    if (["exec", "execSync", "spawn", "fork", "execFile"].includes(name) && isBare(node)) tell(name);
    if (name === "createRequire" && !may(loadsPackages)) tell(name);
    if (name === "constructor") tell("constructor(...)");
    if (name === "Worker" && !/new URL\("[.\w/]+\.js", import\.meta\.url\)/.test(textOf(source, node)))
      tell(name);
    if (node.type === "ImportExpression" && (node["source"] as SyntaxNode).type !== "Literal")
      tell("import(...)");
    if (node.type === "Property" && (node["key"] as SyntaxNode)["name"] === "shell") tell("shell");
  });
  return found;
}

/** `pattern.exec(text)` starts nothing. */
const isBare = ({ callee }: SyntaxNode): boolean => (callee as SyntaxNode).type === "Identifier";

test("src/ makes no code of texts", () => {
  const sources = own();
  expect(sources.length).toBeGreaterThan(300);
  expect(sources.flatMap(waysIn)).toEqual([]);
});

test.each([
  ['eval("1")', "eval"],
  ['new Function("return 1")', "Function"],
  ['import { exec } from "node:child_process"; exec("ls")', "exec"],
  ['import vm from "node:vm"; export { vm };', "node:vm"],
  ["const load = (path: string) => import(path); export { load };", "import(...)"],
  ['import { spawnSync } from "node:child_process"; spawnSync("ls", { shell: true });', "shell"],
  ["(() => {}).constructor('return 1')();", "constructor(...)"],
  ["new Worker(path)", "Worker"],
])("%s would be found", (text, what) => {
  expect(waysIn(parseSource("src/a.ts", text)).join()).toContain(what);
});
