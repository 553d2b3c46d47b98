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

/** `vitest run` runs the units and the suites; `vitest run --mode learning` the slow tests that train to an outcome. */
const config: ViteUserConfigFnObject = defineConfig(({ mode }) => ({
  plugins: [workersFromDist],
  resolve: {
    alias: [
      { find: "#store", replacement: source("node/store.node.ts") },
      { find: /^unroll-rnn$/, replacement: source("index.ts") },
      { find: /^unroll-rnn\/core$/, replacement: source("core/index.ts") },
    ],
  },
  test: {
    pool: "forks",
    // Every graph is checked against its grammar after every pass (src/core/plan/debug.ts).
    env: { UNROLL_DEBUG: "verify" },
    testTimeout: mode === "learning" ? 600_000 : 60_000,
    hookTimeout: 60_000,
    include: mode === "learning" ? ["test/learning/**/*.test.ts"] : ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: [...defaultExclude, "test/browser/**", ...(mode === "learning" ? [] : ["test/learning/**"])],
  },
}));

export default config;
