/** How to call this program again, for the commands that it suggests. */
import { basename, dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** `npx unroll` where it is installed, `node path/to/main.js` in the repository; then the arguments, quoted. */
export function commandFor(...args: readonly string[]): string {
  return [programName(process.argv[1] ?? ""), ...args.map(quoted)].join(" ");
}

export function programName(called: string): string {
  if (basename(called) !== "unroll") return `node ${quoted(relative(process.cwd(), mainFile()))}`;
  return dirname(called).includes("node_modules") ? "npx unroll" : "unroll";
}

/** An argument as a shell takes it. */
export function quoted(argument: string): string {
  if (/^[\w./:=@-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", "'\\''")}'`;
}

const mainFile = (): string => fileURLToPath(new URL("./main.js", import.meta.url));
