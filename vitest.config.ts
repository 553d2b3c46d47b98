import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { defaultExclude, defineConfig, type ViteUserConfigFnObject } from "vitest/config";

const root = new URL("./", import.meta.url);
const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, root));

/** Node 20 cannot start a worker from TypeScript: under src/, the URL of a worker becomes that of its built file in dist/. */
const workersFromDist: Plugin = {
  name: "workers-from-dist",
  enforce: "pre",
  transform(code, id) {
    const path = id.split("?")[0]?.replaceAll("\\", "/") ?? "";
    const base = fileURLToPath(new URL("src/", root)).replaceAll("\\", "/");
    if (!path.startsWith(base) || !code.includes("import.meta.url")) return null;
    const built = new URL(path.slice(base.length), new URL("dist/", root));
    const replaced = code.replaceAll(
      /new URL\(\s*"(\.{1,2}\/[^"]+\.js)",\s*import\.meta\.url,?\s*\)/g,
      (_, relative: string) => `new URL("${new URL(relative, built).href}")`,
    );
    return { code: replaced, map: null };
  },
};

interface Mode {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeout: number;
  /** Default: one fewer than there are cores. */
  readonly workers?: number;
}

/**
 * `vitest run` runs the units and the suites, which need nothing but Node; with `--mode learning` the slow tests that
 * train to an outcome; with `--mode native` the suites on the native device, which need a C compiler.
 */
const modes: Readonly<Record<"test" | "learning" | "native", Mode>> = {
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["test/learning/**", "test/native/**"],
    timeout: 60_000,
  },
  learning: { include: ["test/learning/**/*.test.ts"], exclude: [], timeout: 600_000 },
  native: {
    include: [
      "test/native/**/*.test.ts",
      "test/conformance/**/*.test.ts",
      "test/parity/{torch,keras,ctc}.test.ts",
      "test/ragged/rows.test.ts",
      "test/saving/resume.test.ts",
      "src/core/render/c/**/*.test.ts",
      "src/nn/session/*.test.ts",
    ],
    exclude: [],
    env: { UNROLL_TESTS: "native", UNROLL_CACHE: fileURLToPath(new URL("node_modules/.cache/unroll", root)) },
    timeout: 300_000,
    workers: availableParallelism(), // each waits for the compiler most of the time
  },
};

const of = (mode: string): Mode => (mode === "learning" || mode === "native" ? modes[mode] : modes.test);

const config: ViteUserConfigFnObject = defineConfig(({ mode }) => ({
  plugins: [workersFromDist],
  resolve: {
    alias: [
      { find: "#native", replacement: source("core/run/native.node.ts") },
      { find: "#store", replacement: source("node/store.node.ts") },
      { find: /^unroll-rnn$/, replacement: source("index.ts") },
      { find: /^unroll-rnn\/core$/, replacement: source("core/index.ts") },
    ],
  },
  test: {
    pool: "forks",
    // Every graph is checked against its grammar after every pass (src/core/plan/debug.ts).
    env: { UNROLL_DEBUG: "verify", ...of(mode).env },
    testTimeout: of(mode).timeout,
    hookTimeout: 60_000,
    ...(of(mode).workers === undefined ? {} : { maxWorkers: of(mode).workers }),
    include: [...of(mode).include],
    exclude: [...defaultExclude, "test/browser/**", ...of(mode).exclude],
  },
}));

export default config;
