/**
 * Mutated inputs for one reader of outside bytes. Each gives a value or an UnrollError, in bounded time and memory, and
 * leaves the objects that all others inherit from as they were; nothing else counts.
 *
 *   UNROLL_HOSTILE=5000000 npm run test:hostile              so many inputs for each reader (200,000 by default)
 *   UNROLL_HOSTILE_INPUT=1234 npm run test:hostile -- config  the one input that a failure named
 */
import { setImmediate } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";
import { expect } from "vitest";
import { UnrollError } from "../../src/errors.ts";
import { type Dice, diceOf } from "./dice.ts";
import { watchdog } from "./watchdog.ts";

export interface Reader<Input> {
  /** As the test file is called. */
  readonly name: string;
  readonly make: (dice: Dice) => Input;
  /** Synchronous, so that its time is its own. */
  readonly read: (input: Input) => unknown;
  /** Which part of the inputs has to end so, or the mutations would show nothing. */
  readonly least: { readonly values: number; readonly refused: number };
}
interface Outcomes {
  values: number;
  refused: number;
  /** The longest, in milliseconds. */
  slowest: number;
}

const inputs = Number(process.env["UNROLL_HOSTILE"] ?? 200_000);
const only = process.env["UNROLL_HOSTILE_INPUT"];
const mostMilliseconds = 100;
const mostBytes = 2 ** 26;
const mostMessage = 4000;
/** Kinds of failures that are told. */
const mostFailures = 20;

export async function attack<Input>(reader: Reader<Input>): Promise<void> {
  const outcomes: Outcomes = { values: 0, refused: 0, slowest: 0 };
  const [first, end] = only === undefined ? [0, inputs] : [Number(only), Number(only) + 1];
  const before = inherited();
  const failures = new Map<string, string>();
  const watched = watchdog(reader.name);
  try {
    for (let k = first; k < end; k++) {
      watched.begin(k);
      const input = reader.make(diceOf(reader.name, k));
      const { outcome, milliseconds } = timed(reader, input);
      outcomes.slowest = Math.max(outcomes.slowest, milliseconds);
      if (outcome === "value") outcomes.values++;
      else if (outcome === "refused") outcomes.refused++;
      else failures.set(kindOf(outcome), failures.get(kindOf(outcome)) ?? `input ${k}: ${outcome}`);
      if (failures.size > mostFailures) break;
      if (k % 500 === 0) await setImmediate();
    }
  } finally {
    watched.end();
  }
  if (failures.size > 0) throw new Error(told(reader.name, failures));
  expect(inherited(), "what every object inherits").toEqual(before);
  const { values, refused, slowest } = outcomes;
  const seconds = Math.round(process.cpuUsage().user / 1e6);
  const facts = [`${values} values`, `${refused} refused`, `the slowest took ${slowest.toFixed(1)} ms`];
  console.log(`${reader.name}: ${facts.join(", ")}; ${seconds} s of processor in all`);
  if (only !== undefined) return;
  expect(values / inputs).toBeGreaterThan(reader.least.values);
  expect(refused / inputs).toBeGreaterThan(reader.least.refused);
}

/** What came of an input: a value, an UnrollError, or what must not be. */
type Outcome = "value" | "refused" | `${"threw" | "took" | "said"} ${string}`;

/** By the clock or by the processor, whichever is less, as the machine may be busy; what takes too long is tried again. */
function timed<Input>(
  reader: Reader<Input>,
  input: Input,
): { readonly outcome: Outcome; readonly milliseconds: number } {
  let milliseconds = Number.POSITIVE_INFINITY;
  let outcome: Outcome = "value";
  for (let tries = 0; tries < 4 && milliseconds > mostMilliseconds; tries++) {
    const [clock, processor] = [performance.now(), process.cpuUsage()];
    outcome = outcomeOf(reader, input);
    const { user, system } = process.cpuUsage(processor);
    milliseconds = Math.min(milliseconds, performance.now() - clock, (user + system) / 1000);
  }
  return milliseconds > mostMilliseconds
    ? { outcome: `took more than ${mostMilliseconds} ms: ${milliseconds.toFixed(0)}`, milliseconds }
    : { outcome, milliseconds };
}

function outcomeOf<Input>({ read }: Reader<Input>, input: Input): Outcome {
  const held = bytesHeld();
  let outcome: Outcome = "value";
  try {
    read(input);
  } catch (error) {
    outcome = error instanceof UnrollError ? messageOf(error) : `threw ${stackOf(error)}`;
  }
  // Collecting garbage only makes it less.
  const more = bytesHeld() - held;
  return more > mostBytes ? `took too much memory: ${more} bytes` : outcome;
}

function messageOf({ message }: UnrollError): Outcome {
  if (message.length > mostMessage) return `said too much: ${message.slice(0, 300)} ...`;
  return /[^\P{Cc}\n\t]/u.test(message) ? `said control characters: ${JSON.stringify(message)}` : "refused";
}
const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
/** Without numbers and names. */
const kindOf = (outcome: Outcome): string => outcome.replaceAll(/\d+|"[^"]*"/g, "").slice(0, 400);

function bytesHeld(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

const inherited = (): readonly unknown[] =>
  [Object, Array, Function, String, Number, Map, Uint8Array].map(({ prototype }) =>
    Reflect.ownKeys(prototype).map((key) => [key, Reflect.getOwnPropertyDescriptor(prototype, key)]),
  );

function told(name: string, failures: ReadonlyMap<string, string>): string {
  const [first] = failures.values();
  const again = `again: UNROLL_HOSTILE_INPUT=${/\d+/.exec(first ?? "")?.[0]} npm run test:hostile -- ${name}`;
  return [`reader ${name}`, ...failures.values(), again].join("\n\n");
}
