/** What the programs of one device share: memory, threads, and what turns a program into code. */
import type { Arena } from "./arena.ts";
import type { Backend } from "./backend.ts";
import type { Threads } from "./threads.ts";

export interface Engine {
  readonly backend: Backend;
  readonly arena: Arena;
  readonly threads: Threads;
  /** Set for tests and calibration only: bits do not depend on it. */
  readonly chunk: number | null;
  readonly shardRows: number | null;
  readonly segment: number | null;
  readonly nextCode: () => number;
}
