/**
 * Threads that share the arena. Each runs its list of calls; the calling thread runs the first list itself and then
 * waits, spinning for a moment before it sleeps. Threads sleep between calls and do not keep the process alive.
 */
import { UnrollError } from "../../errors.ts";
import type { Arena } from "./arena.ts";
import type { Code } from "./backend.ts";
import { cores } from "./host.ts";
import type { RunList, Tasks } from "./tasks.ts";

/** Ints of the control block, shared by all threads. */
export const control = { generation: 0, done: 1, command: 2, code: 3, failed: 4, lists: 5 } as const;
export const commands = { run: 1, listen: 2 } as const;
/**
 * Turns of waiting awake, about a millisecond: as long as the host needs between two calls. A thread that sleeps is at
 * times woken on the core of the one that wakes it, and stays there for many steps. Where there are more threads than
 * cores, waiting awake only holds the others up.
 */
const patience = { alone: 1_000_000, crowded: 1_000 } as const;
const spinsFor = (threads: number): number => (threads > cores() ? patience.crowded : patience.alone);

/** What a thread is told when it begins. */
export interface ThreadStart {
  readonly memory: WebAssembly.Memory;
  /** Address of the control block, in ints. */
  readonly control: number;
  readonly thread: number;
  /** Turns of waiting awake. */
  readonly spins: number;
}
/** Code to make ready, and the numbers of what will not be run again. */
export interface ThreadCode {
  readonly id: number;
  readonly code: Code;
  readonly forget: readonly number[];
}
/** Asks for an answer, the same message: a thread that has given it hears whoever blocks from then on. */
export interface ThreadGreeting {
  readonly greeting: true;
}
export type ThreadMessage = ThreadGreeting | ThreadStart | ThreadCode | { readonly serve: true };
/** A worker of Node or of the web, as far as it is used here. */
export interface ThreadWorker {
  post(message: ThreadMessage): void;
  terminate(): void;
}

export class Threads {
  readonly count: number;
  private readonly arena: Arena;
  private readonly workers: readonly ThreadWorker[];
  private readonly base: number;
  private readonly spins: number;
  private listening = true;
  private forgotten: number[] = [];

  /** `workers` besides the calling thread. */
  constructor(arena: Arena, workers: readonly ThreadWorker[]) {
    this.arena = arena;
    this.workers = workers;
    this.count = workers.length + 1;
    this.base = arena.take(4 * (control.lists + 2 * this.count)).start / 4;
    arena.int32.fill(0, this.base, this.base + control.lists + 2 * this.count);
    this.spins = spinsFor(this.count);
    const start = { memory: arena.memory, control: this.base, spins: this.spins };
    workers.forEach((worker, k) => worker.post({ ...start, thread: k + 1 }));
  }

  /** Workers leave their waiting to receive code. */
  load(code: Omit<ThreadCode, "forget">): void {
    if (this.workers.length === 0) return;
    if (!this.listening) {
      this.tell(commands.listen);
      this.wait(); // else a run told right behind would be taken for this, before the code is there
    }
    this.listening = true;
    for (const worker of this.workers) worker.post({ ...code, forget: this.forgotten });
    this.forgotten = [];
  }

  /** Workers forget code that will not be run again when they next receive some. */
  forget(code: number): void {
    if (this.workers.length > 0) this.forgotten.push(code);
  }

  /** Runs a list on every thread and returns when all are done. `runList` is the calling thread's. */
  run(tasks: Tasks, code: number, runList: RunList): void {
    const ints = this.arena.int32;
    const parallel = this.workers.length > 0 && tasks.others;
    if (parallel) {
      if (this.listening) for (const worker of this.workers) worker.post({ serve: true });
      this.listening = false;
      for (let k = 1; k < this.count; k++) {
        ints[this.base + control.lists + 2 * k] = tasks.starts[k] ?? 0;
        ints[this.base + control.lists + 2 * k + 1] = tasks.counts[k] ?? 0;
      }
      ints[this.base + control.code] = code;
      this.tell(commands.run);
    }
    runList(tasks.starts[0] ?? 0, tasks.counts[0] ?? 0);
    if (!parallel) return;
    this.wait();
    if (Atomics.exchange(ints, this.base + control.failed, 0) !== 0) throw threadFailed(this.count);
  }

  private tell(command: number): void {
    const ints = this.arena.int32;
    Atomics.store(ints, this.base + control.done, 0);
    Atomics.store(ints, this.base + control.command, command);
    Atomics.add(ints, this.base + control.generation, 1);
    Atomics.notify(ints, this.base + control.generation);
  }

  private wait(): void {
    const ints = this.arena.int32;
    const at = this.base + control.done;
    for (let turn = 0; turn < this.spins; turn++) if (Atomics.load(ints, at) === this.workers.length) return;
    for (let done = Atomics.load(ints, at); done < this.workers.length; done = Atomics.load(ints, at))
      Atomics.wait(ints, at, done);
  }
}

/** The loop of a worker: waits for a command, runs its list, says so; returns when it shall listen to messages. */
export function serve(start: ThreadStart, seen: number, listOf: (code: number) => RunList): number {
  let generation = seen;
  for (;;) {
    const ints = new Int32Array(start.memory.buffer);
    let turn = 0;
    while (Atomics.load(ints, start.control + control.generation) === generation) {
      if (turn++ > start.spins) Atomics.wait(ints, start.control + control.generation, generation);
    }
    generation = Atomics.load(ints, start.control + control.generation);
    const all = new Int32Array(start.memory.buffer);
    const shallRun = Atomics.load(all, start.control + control.command) === commands.run;
    const list = start.control + control.lists + 2 * start.thread;
    try {
      if (shallRun) listOf(all[start.control + control.code] ?? 0)(all[list] ?? 0, all[list + 1] ?? 0);
    } catch {
      Atomics.store(all, start.control + control.failed, 1); // told by the thread that waits
    }
    Atomics.add(all, start.control + control.done, 1);
    Atomics.notify(all, start.control + control.done);
    if (!shallRun) return generation;
  }
}

function threadFailed(threads: number): UnrollError {
  return new UnrollError({
    where: `the device's ${threads} threads`,
    expected: "all of them to load and run their code",
    got: "one that could not",
    fix: "Too many open files or too little memory? Use fewer: setDevice(name, { threads: 1 }).",
  });
}
