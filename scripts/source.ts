/** The project's TypeScript files as the checking scripts see them: syntax tree, imports, exports, lines of code. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { pathToFileURL } from "node:url";
import { parseSync } from "vite";

/** A node of the syntax tree (ESTree with TypeScript). */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Import {
  readonly specifier: string;
  /** The file meant, from the root of the repository; undefined for packages and `#` names. */
  readonly target: string | undefined;
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

export interface Export {
  /** "*" where a whole module is passed on. */
  readonly name: string;
  readonly local: string | undefined;
  readonly from: string | undefined;
  readonly typeOnly: boolean;
}

export interface Source {
  readonly path: string;
  readonly text: string;
  readonly isTest: boolean;
  readonly program: SyntaxNode;
  readonly comments: readonly { readonly value: string; readonly start: number; readonly end: number }[];
  readonly imports: readonly Import[];
  readonly exports: readonly Export[];
  /** By line, from 0: is there more than blanks and comments? */
  readonly isCode: readonly boolean[];
}

/** Every `.ts` file under a folder, in order of path. Paths are relative to the working directory. */
export function readSources(folder: string): readonly Source[] {
  if (!existsSync(folder)) return [];
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => posix.join(folder, path.replaceAll("\\", "/")))
    .filter((path) => path.endsWith(".ts"));
  return paths.sort().map((path) => parseSource(path, readFileSync(path, "utf8")));
}

/** Throws where the text is no TypeScript. */
export function parseSource(path: string, text: string): Source {
  const { program, module, comments, errors } = parseSync(path, text);
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`);
  return {
    path,
    text,
    isTest: path.endsWith(".test.ts"),
    program: program as unknown as SyntaxNode,
    comments,
    imports: importsOf(path, text, module),
    exports: module.staticExports.flatMap((statement) => statement.entries.map(exportOf)),
    isCode: withoutComments(text, comments)
      .split("\n")
      .map((line) => line.trim() !== ""),
  };
}

type Module = ReturnType<typeof parseSync>["module"];
type ExportEntry = Module["staticExports"][number]["entries"][number];

function importsOf(path: string, text: string, module: Module): readonly Import[] {
  const found: Import[] = [];
  const add = (specifier: string, typeOnly: boolean, dynamic: boolean): void => {
    const target = specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : undefined;
    found.push({ specifier, target, typeOnly, dynamic });
  };
  for (const { moduleRequest, entries } of module.staticImports)
    add(moduleRequest.value, entries.length > 0 && entries.every((entry) => entry.isType), false);
  for (const { entries } of module.staticExports)
    for (const entry of entries) if (entry.moduleRequest) add(entry.moduleRequest.value, entry.isType, false);
  for (const { moduleRequest } of module.dynamicImports) {
    const literal = /^(["'`])(.*)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end));
    if (literal?.[2] !== undefined) add(literal[2], false, true);
  }
  return found;
}

function exportOf({ exportName, importName, localName, moduleRequest, isType }: ExportEntry): Export {
  return {
    name: exportName.name ?? (exportName.kind === "Default" ? "default" : "*"),
    local: localName.name ?? importName.name ?? undefined,
    from: moduleRequest?.value,
    typeOnly: isType,
  };
}

/** The text with every comment made of blanks; offsets and lines stay. */
function withoutComments(text: string, comments: Source["comments"]): string {
  let code = "";
  let end = 0;
  for (const comment of comments) {
    code += text.slice(end, comment.start) + text.slice(comment.start, comment.end).replaceAll(/\S/g, " ");
    end = comment.end;
  }
  return code + text.slice(end);
}

/** Visits a tree from the root down; `ancestors` begins with the root. */
export function walk(
  value: unknown,
  visit: (node: SyntaxNode, ancestors: readonly SyntaxNode[]) => void,
  ancestors: readonly SyntaxNode[] = [],
): void {
  if (Array.isArray(value)) for (const item of value) walk(item, visit, ancestors);
  if (!isNode(value)) return;
  visit(value, ancestors);
  const inner = [...ancestors, value];
  for (const child of Object.values(value)) walk(child, visit, inner);
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && typeof (value as SyntaxNode).type === "string";
}

/** The line of an offset, from 1. */
export function lineAt(source: Source, offset: number): number {
  return source.text.slice(0, offset).split("\n").length;
}

/** Was this module started by hand, and not imported? */
export function isMain(url: string): boolean {
  return process.argv[1] !== undefined && pathToFileURL(process.argv[1]).href === url;
}

/** Prints the faults and sets the exit code. */
export function conclude(script: string, faults: readonly string[], fine: string): void {
  for (const fault of faults) console.error(`${script}: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
  else console.log(`${script}: ${fine}`);
}
