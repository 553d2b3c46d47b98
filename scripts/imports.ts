/**
 * The borders inside src/, enforced: a floor imports only from the floors before it, a folder of a floor only
 * from the folders before it; node:* stays where Node is; no cycles; the core does not know what a network is.
 */

import { conclude, type Import, isMain, lineAt, readSources, type Source, walk } from "./source.ts";

/** The floors in their order, each with its folders in their order. */
const house: Readonly<Record<string, readonly string[]>> = {
  core: ["graph", "grad", "plan", "render", "run"],
  nn: ["cells", "distributions", "layers", "model", "train", "session", "seq2seq", "insight"],
  work: ["data", "classic", "tasks", "interop"],
  node: ["cli", "serve", "cluster"],
};
const floors = Object.keys(house);
/** Files of a floor that gather its folders and stand behind them. */
const roofs: readonly string[] = ["src/nn/models.ts", "src/nn/modelTypes.ts"];
const barrels = ["src/index.ts", "src/core/index.ts"];
/** What a host has its own file for (package.json, "imports"). */
const hostModules: readonly string[] = ["#native", "#store"];
const networkWords = /lstm|layer|epoch/i;

/** Imports against the order that stand nevertheless, as "from -> to", each with its reason. */
const exceptions: Readonly<Record<string, string>> = {};

/** Every breach of a border, one line each. */
export function borderFaults(
  sources: readonly Source[],
  allowed: Readonly<Record<string, string>> = exceptions,
): string[] {
  const edges = sources.flatMap((source) => source.imports.map((edge) => ({ source, edge })));
  const faults = edges
    .filter(({ source, edge }) => !(`${source.path} -> ${edge.target}` in allowed))
    .flatMap(({ source, edge }) => importFaults(source, edge));
  const unused = Object.keys(allowed)
    .filter((key) => !edges.some(({ source, edge }) => `${source.path} -> ${edge.target}` === key))
    .map((key) => `the exception "${key}" is no longer needed`);
  return [...faults, ...unused, ...sources.flatMap(wordFaults), ...cycleFaults(sources)];
}

function importFaults(source: Source, edge: Import): string[] {
  if (edge.target === undefined) return source.isTest ? [] : packageFaults(source, edge);
  const fault = (why: string): string[] => [`${source.path} imports ${edge.target}: ${why}`];
  if (!edge.target.startsWith("src/")) return source.isTest ? [] : fault("it lies outside src/");
  if (barrels.includes(edge.target))
    return fault("nothing inside src/ imports an entry; import the file itself");
  if (!edge.target.endsWith(".ts")) return fault("the specifier has to end in .ts");
  const why = orderFault(source, placeOf(edge.target));
  if (why !== undefined) return fault(why);
  if (
    isNodeFile(edge.target) &&
    !isNodeFile(source.path) &&
    !edge.dynamic &&
    !edge.typeOnly &&
    !source.isTest
  )
    return fault("a file that a browser loads reaches Node's files by a dynamic import only");
  return [];
}

function packageFaults(source: Source, { specifier, typeOnly, dynamic }: Import): string[] {
  if (hostModules.includes(specifier) || typeOnly || isNodeFile(source.path)) return [];
  const fault = (why: string): string[] => [`${source.path} imports ${specifier}: ${why}`];
  if (specifier.startsWith("node:")) return fault("node:* stays in src/node/ and *.node.ts");
  if (dynamic && source.path.startsWith("src/work/")) return []; // a reader of a format, loaded when used
  return fault("what a browser loads has no dependency");
}

/** Where a file stands: floor -1 is the root of src/; a file directly in a floor stands before its folders, or is its roof. */
interface Place {
  readonly floor: number;
  readonly folder: number;
}

function placeOf(path: string): Place {
  const [floor, folder] = path.split("/").slice(1, -1);
  if (floor === undefined) return { floor: -1, folder: -1 };
  const folders = house[floor] ?? [];
  if (roofs.includes(path)) return { floor: floors.indexOf(floor), folder: folders.length };
  return { floor: floors.indexOf(floor), folder: folder ? folders.indexOf(folder) : -1 };
}

function orderFault(source: Source, to: Place): string | undefined {
  const from = placeOf(source.path);
  if (source.path === "src/index.ts") {
    return to.floor === floors.indexOf("node") ? "the entry is for browsers too" : undefined;
  }
  if (to.floor > from.floor)
    return `floor ${floors[from.floor] ?? "src"} stands before floor ${floors[to.floor]}`;
  if (to.floor < from.floor || source.isTest || to.folder <= from.folder) return undefined;
  if (barrels.includes(source.path)) return undefined;
  const names = house[floors[to.floor] ?? ""] ?? [];
  const own = names[from.folder] ?? "what every folder shares";
  return `in ${floors[to.floor]}, ${own} stands before ${names[to.folder] ?? "the floor's roof"}`;
}

const isNodeFile = (path: string): boolean => path.startsWith("src/node/") || path.endsWith(".node.ts");

/** The names in the core that speak of networks, and files in places that no list knows. */
function wordFaults(source: Source): string[] {
  const [, floor, folder, file] = source.path.split("/");
  const faults: string[] = [];
  if (floor !== undefined && !floor.endsWith(".ts")) {
    const folders = house[floor];
    const known = folders !== undefined && (file === undefined || folders.includes(folder ?? ""));
    if (!known) faults.push(`${source.path} lies in a folder that the house does not have`);
  }
  if (floor !== "core" || source.isTest) return faults;
  if (networkWords.test(source.path)) faults.push(`${source.path}: the core has no such word`);
  walk(source.program, (node) => {
    const name = node["name"];
    if (!/^(Private|JSX)?Identifier$/.test(node.type) || typeof name !== "string" || !networkWords.test(name))
      return;
    faults.push(`${source.path}:${lineAt(source, node.start)}: the core has no word "${name}"`);
  });
  return faults;
}

/** One line for each cycle of static imports, those of types included. */
function cycleFaults(sources: readonly Source[]): string[] {
  const graph = new Map(sources.map((source) => [source.path, staticTargets(source)]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) cycles.push(`a cycle of imports: ${[...trail.slice(at), path].join(" -> ")}`);
    if (at >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return cycles;
}

function staticTargets(source: Source): readonly string[] {
  const targets = source.imports.filter((edge) => !edge.dynamic).map((edge) => edge.target);
  return [...new Set(targets.filter((target) => target !== undefined))];
}

if (isMain(import.meta.url)) {
  const sources = readSources("src");
  conclude("imports", borderFaults(sources), `${sources.length} files keep the borders`);
}
