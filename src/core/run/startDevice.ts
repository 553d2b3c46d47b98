/** Starts the worker of a page. A file of its own, which deviceWorker.ts does not import: see startThread.ts. */
import { builtin, type HostWorker, ofNode, ofWeb, ownFlags } from "./host.ts";

/** A thread that runs deviceWorker.ts. It does not keep the process alive. */
export function startDevice(): HostWorker {
  const threads = builtin("node:worker_threads");
  return threads === undefined
    ? ofWeb(new Worker(new URL("./deviceWorker.js", import.meta.url), { type: "module" }))
    : ofNode(new threads.Worker(new URL("./deviceWorker.js", import.meta.url), ownFlags));
}
