/** What a thread runs: a worker of Node or of the web. */
import { starter } from "./host.ts";
import type { Exported } from "./tasks.ts";
import { serve, type ThreadMessage, type ThreadStart } from "./threads.ts";

const modules = new Map<number, readonly Exported[]>();
let start: ThreadStart | null = null;
let generation = 0;

function receive(message: ThreadMessage): void {
  if ("greeting" in message) {
    port.post(message);
  } else if ("thread" in message) {
    start = message;
  } else if ("module" in message && start !== null) {
    const { exports } = new WebAssembly.Instance(message.module, { env: { memory: start.memory } });
    modules.set(
      message.id,
      message.names.map((name) => exports[name] as Exported),
    );
  } else if (start !== null) {
    generation = serve(start, generation, (id) => modules.get(id) ?? []);
  }
}

const port = starter();
port.listen(receive);
