/**
 * The public names against api.txt, so that a name that comes or goes is seen in review.
 * `npm run tools && node dist-tools/scripts/exports.js --update` writes the file anew.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { conclude, isMain, readSources, type Source } from "./source.ts";

/** The entries of the package and the files that list their names. */
const entries: Readonly<Record<string, string>> = {
  "unroll-rnn": "src/index.ts",
  "unroll-rnn/core": "src/core/index.ts",
};
const committed = "api.txt";

/** One line a name, `entry name` or `entry type name`, in order. */
export function publicNames(sources: readonly Source[]): readonly string[] {
  return Object.entries(entries).flatMap(([entry, path]) => {
    const names = sources.find((source) => source.path === path)?.exports ?? [];
    return names.map(({ name, typeOnly }) => `${entry} ${typeOnly ? "type " : ""}${name}`).sort();
  });
}

/** What differs from the committed names: gone, new, and names that nobody wrote down. */
export function nameFaults(now: readonly string[], before: readonly string[]): readonly string[] {
  return [
    ...before.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
    ...now.filter((line) => line.endsWith(" *")).map((line) => `${line}: list the names by hand`),
  ];
}

if (isMain(import.meta.url)) {
  const names = publicNames(readSources("src"));
  if (process.argv.includes("--update")) writeFileSync(committed, `${names.join("\n")}\n`);
  const before = existsSync(committed) ? readFileSync(committed, "utf8").split("\n").filter(Boolean) : [];
  const faults = nameFaults(names, before);
  conclude("exports", faults, `${names.length} public names, as in ${committed}`);
  if (faults.length > 0) console.error("If that is meant, run it again with --update and commit api.txt.");
}
