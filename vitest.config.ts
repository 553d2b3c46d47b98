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
  /** Files at a time. Default: as many as there are cores. */
  readonly workers?: number;
}

/** A folder of test/ that runs only when its mode is asked for: `npm run test:FOLDER`. */
const folder = (name: string, timeout: number): Mode => ({
  include: [`test/${name}/**/*.test.ts`],
  exclude: [],
  timeout,
});

/** At least as many as `npm run test:hostile` gives each reader when it is told nothing (test/hostile/attack.ts). */
const hostileInputs = Math.max(200_000, Number(process.env["UNROLL_HOSTILE"] ?? 0));

/**
 * `vitest run` runs the units and the suites, which need nothing but Node and are quick; `--mode NAME` the others:
 *
 * - learning: trains to an outcome;
 * - peers: PyTorch, Keras and ONNX Runtime beside us, in the environment that test/parity/setup.sh makes;
 * - same: one training's bits over threads, versions of Node, and browsers;
 * - lasting: what is killed, full or left running for long loses nothing;
 * - hostile: bytes and options nobody sane would give;
 * - load: many models, little memory, a page that stays awake;
 * - native: the suites on the native device, which need a C compiler.
 */
const special: Readonly<Record<string, Mode>> = {
  learning: folder("learning", 600_000),
  peers: folder("peers", 600_000),
  same: folder("same", 600_000),
  lasting: folder("lasting", 1_200_000),
  hostile: folder("hostile", 6 * hostileInputs), // 6 ms for each input of a reader
  load: { ...folder("load", 600_000), workers: 1 }, // a page stays awake beside its own training alone
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
  },
};

const usual: Mode = {
  include: ["src/**/*.test.ts", "test/**/*.test.ts"],
  exclude: Object.keys(special).map((name) => `test/${name}/**`),
  timeout: 180_000, // what takes ten seconds here takes a minute on a machine that is busy
};

const config: ViteUserConfigFnObject = defineConfig(({ mode }) => {
  const suite = special[mode] ?? usual;
  return {
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
      env: { UNROLL_DEBUG: "verify", ...suite.env },
      testTimeout: suite.timeout,
      hookTimeout: 180_000,
      maxWorkers: suite.workers ?? availableParallelism(),
      include: [...suite.include],
      exclude: [...defaultExclude, "test/browser/**", ...suite.exclude],
    },
  };
});

export default config;
