/**
 * What an engine, a place or a moment answers in its own way is not asked in src/: the functions of Math whose last
 * digit the language leaves open (core/run/math.ts has those with the same bits everywhere), powers, clocks, random
 * numbers of the host, and what goes by a language or a country.
 */
import { conclude, isMain, lineAt, readSources, type Source, type SyntaxNode, walk } from "./source.ts";

const open = new Set(
  [
    "acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp expm1 hypot log log10 log1p log2",
    "pow random sin sinh tan tanh",
  ].flatMap((line) => line.split(" ")),
);
const globals = new Set(["Date", "Intl", "performance"]);
const members = /^(toLocale\w*|localeCompare|getRandomValues|randomUUID|randomBytes)$/;

/** Where one is asked nevertheless, as "path: what", each with its reason. */
const exceptions: Readonly<Record<string, string>> = {
  "src/core/run/calibration.ts: performance": "chooses what is fastest; no bit depends on the choice",
  "src/core/run/libraryCache.node.ts: Date": "what was left behind long ago is removed",
  "src/nn/insight/memoryLength.ts: Math.hypot": "a count of steps; the last digit is far from 1/e",
  "src/nn/breath.ts: performance": "when others get a turn",
  "src/nn/train/progress.ts: performance": "seconds that are shown",
  "src/node/cli/progress.ts: performance": "seconds that are shown",
  "src/node/cli/textTraining.ts: performance": "seconds that are shown",
  "src/node/lock.node.ts: Date": "since when a folder is held, which an error tells",
  "src/node/lock.node.ts: Math.random": "those who came at the same moment wait differently long",
  "src/work/data/dates.ts: Date": "the days of a month, in UTC",
};

/** Every question, one line each, and exceptions that nothing needs. */
export function samenessFaults(
  sources: readonly Source[],
  allowed: Readonly<Record<string, string>> = exceptions,
): string[] {
  const used = new Set<string>();
  const faults = sources
    .filter(({ isTest }) => !isTest)
    .flatMap((source) => {
      const found: string[] = [];
      walk(source.program, (node) => {
        const asked = askedBy(node);
        const key = `${source.path}: ${asked}`;
        if (asked === undefined) return;
        if (key in allowed) used.add(key);
        else found.push(`${source.path}:${lineAt(source, node.start)}: ${asked} differs from host to host`);
      });
      return found;
    });
  const unused = Object.keys(allowed).filter((key) => !used.has(key));
  return [...faults, ...unused.map((key) => `the exception "${key}" is no longer needed`)];
}

function askedBy(node: SyntaxNode): string | undefined {
  if (node.type === "BinaryExpression" || node.type === "AssignmentExpression") {
    const { operator, left } = node as SyntaxNode & { readonly operator: string; readonly left: SyntaxNode };
    return operator.startsWith("**") && !isExactBase(left) ? operator : undefined;
  }
  if (node.type === "MemberExpression") {
    const { object, property } = node as SyntaxNode & Record<"object" | "property", SyntaxNode>;
    const [owner, name] = [nameOf(object), nameOf(property)];
    if (owner === "Math" && open.has(name)) return `Math.${name}`;
    if (members.test(name)) return name;
    return globals.has(owner) ? owner : undefined;
  }
  if (node.type === "NewExpression") {
    const callee = nameOf(node["callee"] as SyntaxNode);
    return globals.has(callee) ? callee : undefined;
  }
  const taken = node.type === "VariableDeclarator" && node["init"] ? nameOf(node["init"] as SyntaxNode) : "";
  return taken === "Math" || globals.has(taken) ? taken : undefined;
}

/** Powers of 2 and of -1 are exact in every engine. */
function isExactBase(node: SyntaxNode): boolean {
  if (node.type === "ParenthesizedExpression") return isExactBase(node["expression"] as SyntaxNode);
  if (node.type === "UnaryExpression") return isExactBase(node["argument"] as SyntaxNode);
  return node.type === "Literal" && (node["value"] === 2 || node["value"] === 1);
}

const nameOf = (node: SyntaxNode): string => String(node["name"] ?? node["value"] ?? "");

if (isMain(import.meta.url)) {
  const sources = readSources("src");
  conclude("sameness", samenessFaults(sources), `${sources.length} files ask no host for a number`);
}
