/**
 * What the host offers beyond the language: Node's built-in modules, or the web's workers. Looked up when needed, so
 * that the same files run in Node, in pages and in workers.
 */
import type { ThreadWorker } from "./threads.ts";

interface NodeWorker {
  postMessage(message: unknown): void;
  terminate(): unknown;
  unref(): void;
}
export interface NodePort {
  on(event: "message", listener: (message: never) => void): void;
}
interface Builtins {
  readonly "node:v8": { setFlagsFromString(flags: string): void };
  readonly "node:worker_threads": {
    readonly Worker: new (url: URL) => NodeWorker;
    readonly parentPort: NodePort | null;
  };
  readonly "node:os": { availableParallelism(): number };
}
interface NodeProcess {
  readonly versions?: { readonly node?: string };
  readonly getBuiltinModule?: <K extends keyof Builtins>(name: K) => Builtins[K];
}

const node = (globalThis as { readonly process?: NodeProcess }).process;

/** A built-in module of Node, or undefined elsewhere. */
export function builtin<K extends keyof Builtins>(name: K): Builtins[K] | undefined {
  return node?.versions?.node === undefined ? undefined : node.getBuiltinModule?.(name);
}

/** Cores that may be used. */
export function cores(): number {
  return builtin("node:os")?.availableParallelism() ?? (globalThis.navigator as Navigator | undefined)?.hardwareConcurrency ?? 1;
}

/** May memory be shared between threads here? In a page only with cross-origin isolation. */
export function canShare(): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  return builtin("node:worker_threads") !== undefined || (globalThis as { readonly crossOriginIsolated?: boolean }).crossOriginIsolated === true;
}

/** A thread that runs worker.ts. It does not keep the process alive. */
export function startThread(): ThreadWorker {
  const threads = builtin("node:worker_threads");
  if (threads !== undefined) {
    const worker = new threads.Worker(new URL("./worker.js", import.meta.url));
    worker.unref();
    return { post: (message) => worker.postMessage(message), terminate: () => void worker.terminate() };
  }
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  return { post: (message) => worker.postMessage(message), terminate: () => worker.terminate() };
}

let prepared = false;
/**
 * Sets the engine's flags, once, before anything is compiled: Node 20 has relaxed SIMD behind one, and in every Node
 * kernels start optimised rather than in the baseline tier, which a long-running call never leaves.
 */
export function prepareEngine(): void {
  if (prepared) return;
  prepared = true;
  const v8 = builtin("node:v8");
  if (v8 === undefined) return;
  const major = Number(node?.versions?.node?.split(".")[0]);
  if (major < 22) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
  v8.setFlagsFromString("--no-liftoff");
}
