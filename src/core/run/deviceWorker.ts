/**
 * The worker that has the device of a page: one order after the other, each finished before the next begins. With
 * shared memory it starts threads of its own.
 */
import { invariant } from "../../errors.ts";
import type { Decision, Device, Executable, TrainedArrays, Trainer } from "./device.ts";
import { canShare, type HostWorker, starter, startThread } from "./host.ts";
import { type Answer, type Compile, failureOf, type Order, type Request, type Run, type Step } from "./messages.ts";
import { threadReady } from "./threads.ts";
import { wasmDevice, wasmFacts, type WasmOptions } from "./wasmDevice.ts";

/** Compiled when first used, so that what goes wrong is the answer to a call. */
type Made =
  | { readonly kind: "executable"; readonly make: () => Executable; weights: readonly Float32Array[] }
  | { readonly kind: "trainer"; readonly make: () => Trainer };

const page = starter();
const made = new Map<number, Made>();
const decisions = new Map<number, (decision: Decision) => void>();
let device: Promise<Device> | null = null;
let last: Promise<void> = Promise.resolve();

page.listen((request: Request) => {
  if (request.kind === "decided") {
    decisions.get(request.call)?.(request.decision);
    decisions.delete(request.call);
  } else {
    last = last.then(() => carryOut(request));
  }
});

async function carryOut(order: Order): Promise<void> {
  try {
    if (order.kind === "open") device = opened(order.options);
    else if (order.kind === "release") release(order.object);
    else if (order.kind === "compile") made.set(order.object, await toBeMade(order));
    else if (order.kind === "run") await run(order);
    else await step(order);
  } catch (error) {
    if ("call" in order) answer({ kind: "failed", call: order.call, failure: failureOf(error) });
  }
}

function answer(message: Answer, arrays: readonly Float32Array[] = []): void {
  page.post(message, [...new Set(arrays.map(({ buffer }) => buffer as ArrayBuffer))]);
}

/** A browser starts a thread only while its starter does not wait for it: the device gets threads that are ready. */
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
    thread.listen((message: unknown) => {
      if (message === threadReady) resolve(thread);
    });
  });
}

async function toBeMade({ computation, updates }: Compile): Promise<Made> {
  invariant(device, "worker: a device is opened before it is used");
  const opened = await device;
  if (updates === null) return { kind: "executable", make: once(() => opened.compile(computation)), weights: [] };
  return { kind: "trainer", make: once(() => opened.train(computation, updates)) };
}

function once<T>(make: () => T): () => T {
  let value: { readonly made: T } | null = null;
  return () => {
    value ??= { made: make() };
    return value.made;
  };
}

async function run({ call, object, batch, weights }: Run): Promise<void> {
  await device; // one that could not be opened is the answer
  const target = made.get(object);
  invariant(target?.kind === "executable", "worker: what is run was compiled");
  if (weights !== null) target.weights = weights;
  const values = await target.make().run(batch, target.weights);
  answer({ kind: "ran", call, values }, values);
}

async function step({ call, object, batch, given }: Step): Promise<void> {
  await device;
  const target = made.get(object);
  invariant(target?.kind === "trainer", "worker: what is trained was compiled");
  const trainer = target.make();
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

const arraysOf = ({ weights, slots }: TrainedArrays): readonly Float32Array[] => [...weights, ...slots.flat()];

function release(object: number): void {
  const target = made.get(object);
  made.delete(object);
  if (target?.kind === "trainer") target.make().release();
}
