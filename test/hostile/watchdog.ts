/** Ends the process when one input takes longer than anything may, and says which: a loop without end blocks all else. */
import { Worker } from "node:worker_threads";

const patience = 20_000;

const source = `
const { workerData: { cells, name, patience } } = require("node:worker_threads");
const { writeSync } = require("node:fs");
let seen = -1;
let since = Date.now();
setInterval(() => {
  const [now] = cells;
  if (now !== seen) [seen, since] = [now, Date.now()];
  else if (Date.now() - since > patience) {
    writeSync(2, \`\\nreader \${name}, input \${now}: no end after \${patience} ms\\n\`);
    process.kill(process.pid, "SIGKILL");
  }
}, 1000);`;

export interface Watched {
  /** Of this input, within so many milliseconds of the one before. */
  begin(input: number): void;
  end(): void;
}

export function watchdog(name: string): Watched {
  const cells = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(source, { eval: true, workerData: { cells, name, patience } });
  worker.unref();
  return {
    begin: (input) => {
      Atomics.store(cells, 0, input);
    },
    end: () => void worker.terminate(),
  };
}
