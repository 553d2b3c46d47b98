/**
 * A peer in a process of its own, so that it is as in its own world and never disturbs ours: a JSON object a line in,
 * one out (answer.ts and peer.py are the other end).
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Side } from "../timing.ts";
import type { PeerName } from "./jobs.ts";

/** What is said to a peer; `cell`, sizes and the rest of a job beside "prepare". */
export type Ask =
  | ({ readonly ask: "prepare" } & Prepared)
  | { readonly ask: "run"; readonly runs: number }
  | { readonly ask: "end" };
export interface Prepared {
  readonly what: string;
  readonly cell: string;
  readonly features: number;
  readonly units: number;
  readonly batch: number;
  readonly steps: number;
  readonly last: boolean;
  readonly flush: boolean;
  /** Of the steps whose losses are compared. */
  readonly rate: number;
  /** Where x.bin, upstream.bin, weight0.bin ... lie: float32, batch first. */
  readonly folder: string;
}
export interface Answer {
  readonly version?: string;
  readonly sums?: readonly number[];
  readonly setting?: string;
  readonly times?: readonly number[];
  /** Why this peer has nothing for the job. */
  readonly cannot?: string;
  readonly error?: string;
}

export interface Peer {
  readonly name: PeerName;
  readonly version: string;
  readonly ask: (what: Ask) => Promise<Answer>;
  readonly end: () => void;
}
export interface Command {
  readonly name: PeerName;
  readonly command: string;
  readonly inputs: readonly string[];
}

/** Rejects when the process ends or speaks of an error. */
export async function startPeer({ name, command, inputs }: Command): Promise<Peer> {
  const child = spawn(command, inputs, { stdio: "pipe" });
  const next = answersOf(name, child);
  const { version = "" } = await next();
  return {
    name,
    version,
    ask: (what) => {
      child.stdin.write(`${JSON.stringify(what)}\n`);
      return next();
    },
    end: () => void child.stdin.end(`${JSON.stringify({ ask: "end" })}\n`),
  };
}

/** The next answer, one asked for at a time. */
function answersOf(name: PeerName, child: ChildProcessWithoutNullStreams): () => Promise<Answer> {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let complaints = "";
  child.stderr.on("data", (text: Buffer) => {
    complaints = `${complaints}${text.toString()}`.slice(-2000);
  });
  child.stdin.on("error", () => undefined); // that it has ended is told by its next answer
  const started = new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  return async () => {
    await started;
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} has ended: ${complaints}`);
    const answer = JSON.parse(value) as Answer;
    if (answer.error !== undefined) throw new Error(`${name}: ${answer.error}`);
    return answer;
  };
}

/** A peer that is prepared, as a side: its runs are timed where they are done. */
export function peerSide(peer: Peer): Side {
  const burst = async (runs: number): Promise<readonly number[]> =>
    (await peer.ask({ ask: "run", runs })).times ?? [];
  return { name: peer.name, run: () => burst(1), burst };
}
