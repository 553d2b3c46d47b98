/** Ctrl-C, or `kill PID`: the first asks the work to stop at the next good moment, the second ends the process. */

/** The work was interrupted, and has said so. */
export class Interrupted extends Error {
  override readonly name: string = "Interrupted";
}

/** Not SIGHUP: whoever begins a program with nohup wants it to go on. */
const signals = ["SIGINT", "SIGTERM"] as const;

/** Runs `work` with a signal that Ctrl-C aborts. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Interrupted("interrupted"));
  };
  for (const name of signals) process.on(name, onSignal);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of signals) process.off(name, onSignal);
  }
}
