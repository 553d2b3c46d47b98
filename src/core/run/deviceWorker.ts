/**
 * The worker that has the device of a page: one order after the other, each finished before the next begins. With
 * shared memory it starts threads of its own.
 */
import { invariant } from "../../errors.ts";
import type { Computation, Decision, Device, Executable, TrainedArrays, Trainer } from "./device.ts";
import { canShare, type HostWorker, starter } from "./host.ts";
import {
  type Answer,
  type Compile,
  failureOf,
  type Order,
  type Request,
  type Run,
  type Step,
} from "./messages.ts";
import { startThread } from "./startThread.ts";
import type { ThreadGreeting } from "./threads.ts";
import { type WasmOptions, wasmDevice, wasmFacts } from "./wasmDevice.ts";

const page = starter();
let device: Promise<Device> | null = null;
/** What was sent to be compiled. It is when first used, so that what goes wrong is the answer to a call. */
const compiles = new Map<number, Compile>();
const executables = new Map<number, Executable>();
const trainers = new Map<number, Trainer>();
/** Of the last run of an executable. */
const weightsOf = new Map<number, readonly Float32Array[]>();
const decisions = new Map<number, (decision: Decision) => void>();
let last: Promise<void> = Promise.resolve();

page.listen<Request>((request) => {
  if (request.kind === "decided") {
    decisions.get(request.call)?.(request.decision);
    decisions.delete(request.call);
  } else {
    last = last.then(() => carryOut(request));
  }
});

async function carryOut(order: Order): Promise<void> {
  if (order.kind === "open") device = opened(order.options);
  else if (order.kind === "compile") compiles.set(order.object, order);
  else if (order.kind === "release") release(order.object);
  else {
    try {
      await (order.kind === "run" ? run(order) : step(order));
    } catch (error) {
      answer({ kind: "failed", call: order.call, failure: failureOf(error) });
    }
  }
}

function answer(message: Answer, arrays: readonly Float32Array[] = []): void {
  page.post(message, [...new Set(arrays.map(({ buffer }) => buffer as ArrayBuffer))]);
}

/**
 * A browser starts a thread, and hands it its first messages, only while its starter does not wait for it: the device
 * gets threads that have answered.
 */
async function opened(options: WasmOptions): Promise<Device> {
  const shared = canShare();
  const { threads } = wasmFacts(options, shared);
  const ready = await Promise.all(Array.from({ length: threads - 1 }, readyThread));
  return wasmDevice(options, { shared, startThread: () => ready.pop() ?? startThread() });
}

function readyThread(): Promise<HostWorker> {
  const thread = startThread();
  return new Promise((resolve, reject) => {
    thread.onFailure(reject);
    thread.listen<ThreadGreeting>(() => resolve(thread));
    thread.post({ greeting: true } satisfies ThreadGreeting);
  });
}

async function run({ call, object, batch, weights }: Run): Promise<void> {
  if (weights !== null) weightsOf.set(object, weights);
  const executable = await madeOnce(executables, object, (on, computation) => on.compile(computation));
  const values = await executable.run(batch, weightsOf.get(object) ?? []);
  answer({ kind: "ran", call, values }, values);
}

async function step({ call, object, batch, given }: Step): Promise<void> {
  const trainer = await madeOnce(trainers, object, (on, computation, updates) =>
    on.train(computation, updates),
  );
  if (given !== null) trainer.write(given.weights, given.slots);
  let changed = false;
  await trainer.step(batch, async (squaredNorms, outputs) => {
    const decision = await decided(call, squaredNorms, outputs);
    changed = decision !== null;
    return decision;
  });
  const after = changed ? trainer.read() : null;
  answer({ kind: "stepped", call, after }, after === null ? [] : arraysOf(after));
}

type Make<T> = (on: Device, computation: Computation, updates: NonNullable<Compile["updates"]>) => T;

async function madeOnce<T>(made: Map<number, T>, object: number, make: Make<T>): Promise<T> {
  const found = made.get(object);
  if (found !== undefined) return found;
  const [on, compile] = [await device, compiles.get(object)];
  invariant(on && compile, "worker: opened, and sent what it uses");
  const value = make(on, compile.computation, compile.updates ?? []);
  made.set(object, value);
  return value;
}

function decided(
  call: number,
  squaredNorms: Float64Array,
  outputs: readonly Float32Array[],
): Promise<Decision> {
  return new Promise((resolve) => {
    decisions.set(call, resolve);
    answer({ kind: "undecided", call, squaredNorms, outputs }, outputs);
  });
}

const arraysOf = ({ weights, slots }: TrainedArrays): readonly Float32Array[] => [
  ...weights,
  ...slots.flat(),
];

function release(object: number): void {
  trainers.get(object)?.release();
  for (const map of [compiles, executables, trainers, weightsOf]) map.delete(object);
}
