/**
 * Starts the threads of a device. A file of its own, which worker.ts does not import: a bundler that builds a worker
 * follows its imports, and would come round to the worker itself.
 */
import { builtin, type HostWorker, ofNode, ofWeb, ownFlags } from "./host.ts";

/** A thread that runs worker.ts. It does not keep the process alive. */
export function startThread(): HostWorker {
  const threads = builtin("node:worker_threads");
  return threads === undefined
    ? ofWeb(new Worker(new URL("./worker.js", import.meta.url), { type: "module" }))
    : ofNode(new threads.Worker(new URL("./worker.js", import.meta.url), ownFlags));
}
