/**
 * Sizes: budgets of lines for the floors, and limits for files and functions. Prints them on each run; fails
 * where a budget or an enforced limit is passed. Lines are counted without blanks and comments, tests left out.
 */

import {
  conclude,
  isMain,
  isNode,
  lineAt,
  readSources,
  type Source,
  type SyntaxNode,
  walk,
} from "./source.ts";

/**
 * Lines of code, by folder. The design's 6,500 lines for the core were for graph, gradients, plan and kernels alone.
 * Besides these it has the reference device, a page's device behind a worker, the native device with its printer of C
 * and its cache, and checkpointing. Values with sites, linear scans, resampled time and the refusal of what kernels
 * cannot do took another 1,000. The 20,000 lines of src were for fewer shapes of networks: cells, attention, images,
 * labels of sequences, seq2seq and insight took 9,000; to refuse what cannot be right, by name, 1,200.
 */
const budgets: Readonly<Record<string, number>> = { "src/core": 11_800, src: 31_500 };

/** Where more than a limit is right, as "limit: place", each with its reason. */
const exceptions: Readonly<Record<string, string>> = {};

/** The entries list every public name; their exports are not counted. */
const entries = ["src/index.ts", "src/core/index.ts"];

interface Measure {
  readonly place: string;
  readonly value: number;
}
interface Limit {
  readonly name: string;
  readonly usual: number;
  readonly never: number;
  /** Does passing `never` fail, or is it only printed? */
  readonly enforced: boolean;
  readonly measure: (source: Source) => readonly Measure[];
}

const limits: readonly Limit[] = [
  { name: "lines in a file", usual: 120, never: 400, enforced: true, measure: fileLines },
  { name: "lines in a function", usual: 8, never: 60, enforced: true, measure: functionLines },
  { name: "width", usual: 110, never: 120, enforced: true, measure: widths },
  { name: "levels of inheritance", usual: 0, never: 1, enforced: true, measure: inheritance },
  { name: "any and @ts-ignore", usual: 0, never: 0, enforced: true, measure: escapes },
  { name: "parameters", usual: 3, never: 4, enforced: false, measure: parameters },
  { name: "nesting in a function", usual: 2, never: 3, enforced: false, measure: nesting },
  { name: "exports of a file", usual: 5, never: 12, enforced: false, measure: exported },
  { name: "unexplained as", usual: 0, never: 0, enforced: false, measure: casts },
];

export interface Report {
  readonly faults: readonly string[];
  readonly lines: readonly string[];
}

/** The table of sizes and what stands above them. */
export function measureSizes(
  sources: readonly Source[],
  allowed: Readonly<Record<string, string>> = exceptions,
): Report {
  const code = sources.filter((source) => !source.isTest);
  const rows = [
    ...Object.keys(budgets).map((folder) => budgetRow(code, folder)),
    ...limits.map((limit) => limitRow(code, limit, allowed)),
  ];
  return { faults: rows.flatMap((row) => row.faults), lines: rows.flatMap((row) => row.lines) };
}

function budgetRow(code: readonly Source[], folder: string): Report {
  const inside = code.filter((source) => source.path.startsWith(`${folder}/`));
  const total = inside.reduce((sum, source) => sum + codeLines(source), 0);
  const budget = budgets[folder] ?? 0;
  const line = `${folder.padEnd(24)} ${total} lines of ${budget} in ${inside.length} files`;
  return {
    faults: total > budget ? [`${folder} has ${total} lines, its budget is ${budget}`] : [],
    lines: [line],
  };
}

function limitRow(code: readonly Source[], limit: Limit, allowed: Readonly<Record<string, string>>): Report {
  const { name, usual, never, enforced } = limit;
  const measures = code.flatMap(limit.measure).sort((a, b) => b.value - a.value);
  const above = measures
    .filter(({ value }) => value > never)
    .map((at) => ({ ...at, key: `${name}: ${at.place}` }));
  const told = above
    .filter(({ key }) => !(key in allowed))
    .map(({ key, value }) => `${key} has ${value}, never above ${never}`);
  const stale = Object.keys(allowed)
    .filter((key) => key.startsWith(`${name}: `) && !above.some((at) => at.key === key))
    .map((key) => `the exception "${key}" is no longer needed`);
  const counts = `${measures.filter(({ value }) => value > usual).length} above usual, ${above.length} above never`;
  const most = measures[0] ? `most ${measures[0].value} in ${measures[0].place}` : "none";
  const line = `${name.padEnd(24)} usual ${usual}, never above ${never}: ${counts}, ${most}`;
  const shown = told.slice(0, 5).map((text) => `  ${text}`);
  return enforced
    ? { faults: [...told, ...stale], lines: [line] }
    : { faults: stale, lines: [line, ...shown] };
}

function codeLines({ isCode }: Source, from = 1, to: number = isCode.length): number {
  return isCode.slice(from - 1, to).filter(Boolean).length;
}

function fileLines(source: Source): readonly Measure[] {
  return [{ place: source.path, value: codeLines(source) }];
}

function widths(source: Source): readonly Measure[] {
  return source.text.split("\n").map((line, k) => ({ place: `${source.path}:${k + 1}`, value: line.length }));
}

function exported(source: Source): readonly Measure[] {
  return entries.includes(source.path) ? [] : [{ place: source.path, value: source.exports.length }];
}

function functionLines(source: Source): readonly Measure[] {
  return functionsOf(source)
    .filter(({ node }) => !isTable(node))
    .map(({ node, place }) => ({
      place,
      value: codeLines(source, lineAt(source, node.start), lineAt(source, node.end)),
    }));
}

function parameters(source: Source): readonly Measure[] {
  return functionsOf(source).map(({ node, place }) => ({
    place,
    value: (node["params"] as unknown[]).length,
  }));
}

function nesting(source: Source): readonly Measure[] {
  return functionsOf(source).map(({ node, place }) => ({ place, value: depthOf(node["body"]) }));
}

function inheritance(source: Source): readonly Measure[] {
  return nodesOf(source, /^Class(Declaration|Expression)$/)
    .filter((node) => isNode(node["superClass"]))
    .map((node) => {
      const parent = (node["superClass"] as SyntaxNode)["name"];
      return { place: placeOf(source, node), value: parent === "Error" ? 1 : 2 };
    });
}

function escapes(source: Source): readonly Measure[] {
  const comments = source.comments.filter(({ value }) => /@ts-(ignore|nocheck)/.test(value));
  return [...nodesOf(source, /^TSAnyKeyword$/), ...comments].map((node) => ({
    place: placeOf(source, node),
    value: 1,
  }));
}

/** Casts without a comment on their line or the line before; `as const` is none. */
function casts(source: Source): readonly Measure[] {
  const explained = new Set(
    source.comments.flatMap(({ end }) => [lineAt(source, end), lineAt(source, end) + 1]),
  );
  return nodesOf(source, /^TSAsExpression$/)
    .filter((node) => source.text.slice((node["typeAnnotation"] as SyntaxNode).start, node.end) !== "const")
    .filter((node) => !explained.has(lineAt(source, node.end)))
    .map((node) => ({ place: placeOf(source, node), value: 1 }));
}

interface FunctionAt {
  readonly node: SyntaxNode;
  /** `path name`, or `path:line` for a function without a name. */
  readonly place: string;
}

function functionsOf(source: Source): readonly FunctionAt[] {
  const found: FunctionAt[] = [];
  walk(source.program, (node, ancestors) => {
    if (!isFunction(node) || !isNode(node["body"])) return;
    const name = nameOf(node) ?? nameOf(ancestors.at(-1));
    found.push({ node, place: name ? `${source.path} ${name}` : placeOf(source, node) });
  });
  return found;
}

/** The name of a function, or the one that its variable, method or property gives it. */
function nameOf(node: SyntaxNode | undefined): string | undefined {
  const named = node?.["id"] ?? node?.["key"];
  const name = isNode(named) ? named["name"] : undefined;
  return typeof name === "string" ? name : undefined;
}

const isFunction = ({ type }: SyntaxNode): boolean =>
  type === "FunctionDeclaration" || type === "FunctionExpression" || type === "ArrowFunctionExpression";

/** A function that is nothing but one record or list is a table. */
function isTable(node: SyntaxNode): boolean {
  const body = node["body"] as SyntaxNode;
  const only =
    Array.isArray(body["body"]) && body["body"].length === 1 ? (body["body"][0] as SyntaxNode) : body;
  let value = only.type === "ReturnStatement" ? only["argument"] : only;
  while (isNode(value) && isNode(value["expression"])) value = value["expression"]; // parentheses, as, satisfies
  return isNode(value) && /^(Object|Array)Expression$/.test(value.type);
}

/** How deep statements that branch or repeat stand inside each other; an `else if` goes no deeper, a function begins anew. */
function depthOf(value: unknown): number {
  if (Array.isArray(value)) return Math.max(0, ...value.map(depthOf));
  if (!isNode(value) || isFunction(value)) return 0;
  const { alternate, ...rest } = value;
  const chained = isNode(alternate) && alternate.type === "IfStatement" && value.type === "IfStatement";
  const inner = Math.max(...Object.values(rest).map(depthOf), chained ? 0 : depthOf(alternate));
  const own = /^(If|For|ForIn|ForOf|While|DoWhile|Switch|Try)Statement$/.test(value.type) ? 1 : 0;
  return Math.max(own + inner, chained ? depthOf(alternate) : 0);
}

function nodesOf(source: Source, type: RegExp): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  walk(source.program, (node) => {
    if (type.test(node.type)) found.push(node);
  });
  return found;
}

const placeOf = (source: Source, node: { readonly start: number }): string =>
  `${source.path}:${lineAt(source, node.start)}`;

if (isMain(import.meta.url)) {
  const { faults, lines } = measureSizes(readSources("src"));
  console.log(lines.join("\n"));
  conclude("size", faults, "within every budget and enforced limit");
}
