/** What a thread runs: a worker of Node or of the web. */
import { invariant } from "../../errors.ts";
import { starter } from "./host.ts";
import { ready } from "./ready.ts";
import type { RunList } from "./tasks.ts";
import { serve, type ThreadMessage, type ThreadStart } from "./threads.ts";

const lists = new Map<number, RunList>();
let start: ThreadStart | null = null;
let generation = 0;

function receive(message: ThreadMessage): void {
  if ("greeting" in message) port.post(message);
  else if ("thread" in message) start = message;
  else if (start === null) return;
  else if ("code" in message) lists.set(message.id, ready(message.code, start.memory));
  else generation = serve(start, generation, listOf);
}

function listOf(id: number): RunList {
  const list = lists.get(id);
  invariant(list !== undefined, "thread: code arrives before it is run");
  return list;
}

const port = starter();
port.listen(receive);
