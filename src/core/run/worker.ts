/** What a thread runs: a worker of Node or of the web. */
import { invariant } from "../../errors.ts";
import type { Code } from "./backend.ts";
import { starter } from "./host.ts";
import { ready } from "./ready.ts";
import type { RunList } from "./tasks.ts";
import { serve, type ThreadCode, type ThreadMessage, type ThreadStart } from "./threads.ts";

const codes = new Map<number, Code>();
const lists = new Map<number, RunList>();
let start: ThreadStart | null = null;
let generation = 0;

function receive(message: ThreadMessage): void {
  if ("greeting" in message) port.post(message);
  else if ("thread" in message) start = message;
  else if ("code" in message) learn(message);
  else if (start !== null) generation = serve(start, generation, listOf);
}

function learn({ id, code, forget }: ThreadCode): void {
  codes.set(id, code);
  for (const old of forget) {
    codes.delete(old);
    lists.delete(old);
  }
}

/** Made ready when first run: a process may end while a thread that has nothing to do has only just begun. */
function listOf(id: number): RunList {
  const known = lists.get(id);
  if (known !== undefined) return known;
  const code = codes.get(id);
  invariant(code !== undefined && start !== null, "thread: code arrives before it is run");
  const list = ready(code, start.memory);
  lists.set(id, list);
  codes.delete(id);
  return list;
}

const port = starter();
port.listen(receive);
