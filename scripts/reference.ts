/**
 * The API reference: for each entry of the package a page under docs/api/ with every public name, in the order
 * of the entry, its declaration as the compiler emitted it and its doc comment.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { type Export, isMain, isNode, readSources, type Source, type SyntaxNode } from "./source.ts";

const pages = [
  { entry: "unroll-rnn", from: "dist/index.d.ts", to: "docs/api/unroll-rnn.md" },
  { entry: "unroll-rnn/core", from: "dist/core/index.d.ts", to: "docs/api/core.md" },
];

/** One page of Markdown. Throws where an exported name has no declaration. */
export function referencePage(entry: string, from: string, sources: readonly Source[]): string {
  const files = new Map(sources.map((source) => [source.path, source]));
  const source = files.get(from);
  if (source === undefined) throw new Error(`${from} is not there: run npm run build`);
  const sections = source.exports.map((exported) =>
    section(exported.name, declarationOf(exported, source, files)),
  );
  const contents = source.exports.map(({ name }) => `[${name}](#${name.toLowerCase()})`).join(" · ");
  return [`# ${entry}`, contents, ...sections].join("\n\n").concat("\n");
}

interface Declaration {
  readonly comment: string;
  readonly code: string;
}

function section(name: string, { comment, code }: Declaration): string {
  return [`## ${name}`, comment, `\`\`\`ts no-run\n${code}\n\`\`\``].filter(Boolean).join("\n\n");
}

/** Follows the re-exports to the file that declares the name; the overloads of a function come together. */
function declarationOf(wanted: Export, source: Source, files: ReadonlyMap<string, Source>): Declaration {
  const target = source.imports
    .find(({ specifier }) => specifier === wanted.from)
    ?.target?.replace(/\.ts$/, ".d.ts");
  const next = target === undefined ? undefined : files.get(target);
  const local = wanted.local ?? wanted.name;
  if (next !== undefined) {
    const passedOn = next.exports.find(({ name }) => name === local);
    if (passedOn !== undefined) return declarationOf(passedOn, next, files);
  }
  const statements = (source.program["body"] as SyntaxNode[]).filter((statement) =>
    declares(statement, local),
  );
  const [first] = statements;
  if (first === undefined) throw new Error(`${source.path}: no declaration of ${wanted.name}`);
  const code = statements.map(({ start, end }) => source.text.slice(start, end)).join("\n");
  return { comment: commentBefore(source, first), code };
}

function declares(statement: SyntaxNode, name: string): boolean {
  const declaration = isNode(statement["declaration"]) ? statement["declaration"] : statement;
  const variables = declaration["declarations"];
  const named = Array.isArray(variables) ? (variables as SyntaxNode[]) : [declaration];
  return named.some(({ id }) => isNode(id) && id["name"] === name);
}

/** The text of the doc comment right before a statement, without its stars; `{@link x}` becomes `x` in backticks. */
function commentBefore(source: Source, { start }: SyntaxNode): string {
  const before = source.comments.filter(
    ({ end }) => end <= start && source.text.slice(end, start).trim() === "",
  );
  const last = before.at(-1);
  if (!last?.value.startsWith("*")) return "";
  const lines = last.value
    .slice(1)
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""));
  return lines
    .join("\n")
    .replaceAll(/\{@link (\S+?)\}/g, "`$1`")
    .trim();
}

if (isMain(import.meta.url)) {
  const sources = readSources("dist");
  mkdirSync("docs/api", { recursive: true });
  for (const { entry, from, to } of pages) writeFileSync(to, referencePage(entry, from, sources));
  console.log(`reference: ${pages.map(({ to }) => to).join(", ")}`);
}
