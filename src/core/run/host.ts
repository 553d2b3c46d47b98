/**
 * What the host offers beyond the language: Node's built-in modules, or the web's workers. Looked up when needed, so
 * that the same files run in Node, in pages and in workers.
 */
interface NodePort {
  on<M>(event: "message", listener: (message: M) => void): void;
  on(event: "error", listener: (error: Error) => void): void;
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
}
export interface NodeWorker extends NodePort {
  terminate(): unknown;
  unref(): void;
}
interface Builtins {
  readonly "node:v8": {
    setFlagsFromString(flags: string): void;
    getHeapStatistics(): { readonly heap_size_limit: number; readonly used_heap_size: number };
  };
  readonly "node:vm": { runInNewContext(code: string): unknown };
  readonly "node:worker_threads": {
    readonly Worker: new (url: URL, options: { readonly execArgv: readonly string[] }) => NodeWorker;
    readonly parentPort: NodePort | null;
  };
  readonly "node:os": { availableParallelism(): number };
  readonly "node:module": { createRequire(from: string): (name: string) => unknown };
}
interface NodeProcess {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly versions?: { readonly node?: string };
  readonly getBuiltinModule?: <K extends keyof Builtins>(name: K) => Builtins[K];
}

const node = (globalThis as { readonly process?: NodeProcess }).process;

/** A built-in module of Node, or undefined elsewhere. */
export function builtin<K extends keyof Builtins>(name: K): Builtins[K] | undefined {
  return node?.versions?.node === undefined ? undefined : node.getBuiltinModule?.(name);
}

/** A variable of the environment, where there is one; an empty one counts as none. */
export function variable(name: string): string | undefined {
  return node?.env?.[name] || undefined;
}

/** Cores that may be used. */
export function cores(): number {
  const web = globalThis.navigator as Navigator | undefined;
  return builtin("node:os")?.availableParallelism() ?? web?.hardwareConcurrency ?? 1;
}

/** May memory be shared between threads here? In a page only with cross-origin isolation. */
export function canShare(): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  const { crossOriginIsolated } = globalThis as { readonly crossOriginIsolated?: boolean };
  return builtin("node:worker_threads") !== undefined || crossOriginIsolated === true;
}

/** In a page of a browser, or in a worker of one: work goes to a worker, and nothing may wait for it. */
export function inPage(): boolean {
  return builtin("node:worker_threads") === undefined && typeof Worker !== "undefined";
}

/** How workers of Node are started: without the flags of the process; with those of `node --eval` none starts. */
export const ownFlags: { readonly execArgv: readonly string[] } = { execArgv: [] };

/** One end of a line between a worker and the one who started it. */
export interface HostPort {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  listen<M>(receive: (message: M) => void): void;
}
/** A worker of Node or of the web. */
export interface HostWorker extends HostPort {
  /** Called when the worker cannot be loaded or has failed. */
  onFailure(fail: (error: Error) => void): void;
  terminate(): void;
}

/** Inside a worker: the line to the one who started it. */
export function starter(): HostPort {
  const port = builtin("node:worker_threads")?.parentPort;
  if (port) {
    return {
      post: (message, transfer) => port.postMessage(message, transfer),
      listen: (receive) => port.on("message", receive),
    };
  }
  return {
    post: (message, transfer = []) => globalThis.postMessage(message, { transfer: [...transfer] }),
    listen: (receive) => {
      globalThis.onmessage = (event) => receive(event.data);
    },
  };
}

/** A worker of Node, which is not to keep the process alive. */
export function ofNode(worker: NodeWorker): HostWorker {
  worker.unref();
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    listen: (receive) => worker.on("message", receive),
    onFailure: (fail) => worker.on("error", fail),
    terminate: () => void worker.terminate(),
  };
}

/** A worker of the web. */
export function ofWeb(worker: Worker): HostWorker {
  return {
    post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
    listen: (receive) => {
      worker.onmessage = (event) => receive(event.data);
    },
    onFailure: (fail) => {
      worker.onerror = (event) => fail(new Error(event.message || "its script could not be loaded"));
      worker.onmessageerror = () => fail(new Error("a message could not be read"));
    },
    terminate: () => worker.terminate(),
  };
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
  if (major > 24) v8.setFlagsFromString("--no-wasm-inlining"); // goes by what the baseline tier has counted, or crashes
}
