/**
 * The device of a page: a worker has the WebAssembly device, and the page sends it what to do and never waits. Only
 * what must be had at once runs here, on one thread.
 */
import { UnrollError } from "../../errors.ts";
import type {
  Batch,
  Computation,
  Decide,
  Device,
  Executable,
  HostArray,
  TrainedArrays,
  Trainer,
  Update,
} from "./device.ts";
import { heldOf } from "./held.ts";
import { canShare, type HostWorker } from "./host.ts";
import { type Answer, errorOf, type Request, type Run, type Step } from "./messages.ts";
import { startDevice } from "./startDevice.ts";
import { startThread } from "./startThread.ts";
import { type WasmOptions, wasmDevice, wasmFacts } from "./wasmDevice.ts";

/** Throws an UnrollError where the engine has no SIMD. */
export function remoteDevice(options: WasmOptions = {}): Device {
  const { mode, description } = wasmFacts(options, canShare());
  sayOnce(options);
  let line: Line | null = null;
  let local: Device | null = null;
  const remote = (): Line => {
    line ??= new Line(startDevice(), options);
    return line;
  };
  const here = (): Device => {
    local ??= wasmDevice({ ...options, threads: 1 }, { shared: false, startThread });
    return local;
  };
  return {
    name: "wasm",
    mode,
    shardRows: options.shardRows ?? null,
    description: `${description}, in a worker`,
    compile: (computation) => remoteExecutable(computation, remote(), here),
    train: (computation, updates) => remoteTrainer(computation, updates, remote()),
  };
}

let said = false;
function sayOnce({ threads }: WasmOptions): void {
  if (said || threads === 1 || canShare()) return;
  said = true;
  console.info(
    "Unroll: this page is not cross-origin isolated, so networks run on one thread; to use every core, serve it " +
      'with the headers "Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp".',
  );
}

function remoteExecutable(computation: Computation, line: Line, here: () => Device): Executable {
  const object = line.compile(computation, null);
  let sent: { readonly weights: readonly Float32Array[]; readonly version: number } | null = null;
  let local: Executable | null = null;
  const executable: Executable = {
    run: (batch, weights) => {
      const { version } = batch;
      const same = version !== undefined && sent?.version === version && sent.weights === weights;
      sent = version === undefined ? null : { weights, version };
      return line.run({ object, batch: ownBatch(batch), weights: same ? null : weights.map(own) });
    },
    runNow: (batch, weights, into) => {
      local ??= here().compile(computation);
      return local.runNow(batch, weights, into);
    },
    // All at once: what waits in the worker could be read by waiting alone.
    hold: async (batch, weights) => heldOf(executable, await executable.run(batch, weights)),
  };
  forgotten.register(executable, () => line.release(object));
  return executable;
}

/** Executables that nobody has any more. */
const forgotten = new FinalizationRegistry<() => void>((release) => release());

/** Keeps a copy of weights and slots as the last finished step left them, to be read at any time. */
function remoteTrainer(computation: Computation, updates: readonly (Update | null)[], line: Line): Trainer {
  const object = line.compile(computation, updates);
  let held: TrainedArrays = { weights: [], slots: [] };
  let unsent = false;
  return {
    step: async (batch, decide) => {
      const before = held;
      const given = unsent ? held : null;
      unsent = false;
      try {
        const { outputs, after } = await line.step({ object, batch: ownBatch(batch), given }, decide);
        if (after !== null && held === before) held = after; // what was written meanwhile holds
        return outputs;
      } catch (error) {
        unsent = true;
        throw error;
      }
    },
    read: () => copied(held),
    write: (weights, slots) => {
      held = copied({ weights, slots });
      unsent = true;
    },
    release: () => line.release(object),
  };
}

const copied = ({ weights, slots }: TrainedArrays): TrainedArrays => ({
  weights: weights.map((weight) => weight.slice()),
  slots: slots.map((slotsOfOne) => slotsOfOne.map((slot) => slot.slice())),
});

/** A message takes the whole buffer of an array along: a part is copied first. */
const own = <A extends HostArray>(array: A): A =>
  array.byteLength === array.buffer.byteLength ? array : (array.slice() as A);
const ownBatch = (batch: Batch): Batch => ({ ...batch, inputs: batch.inputs.map(own) });

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  readonly decide: Decide | null;
}
interface Stepped {
  readonly outputs: readonly Float32Array[];
  readonly after: TrainedArrays | null;
}

/** The line to the worker: calls and their answers. */
class Line {
  private readonly worker: HostWorker;
  private readonly waiting = new Map<number, Waiting>();
  private numbers = 0;
  private broken: Error | null = null;

  constructor(worker: HostWorker, options: WasmOptions) {
    this.worker = worker;
    worker.listen<Answer>((answer) => void this.receive(answer));
    worker.onFailure((error) => this.breakOff(error));
    this.post({ kind: "open", options });
  }

  /** The number of the object that is to be made. */
  compile(computation: Computation, updates: readonly (Update | null)[] | null): number {
    const object = this.numbers++;
    this.post({ kind: "compile", object, computation, updates });
    return object;
  }

  async run(request: Omit<Run, "kind" | "call">): Promise<readonly Float32Array[]> {
    const answer = await this.ask((call) => ({ kind: "run", call, ...request }), null);
    return answer.kind === "ran" ? answer.values : [];
  }

  async step(request: Omit<Step, "kind" | "call">, decide: Decide): Promise<Stepped> {
    let outputs: readonly Float32Array[] = [];
    const noting: Decide = (norms, values) => {
      outputs = values;
      return decide(norms, values);
    };
    const answer = await this.ask((call) => ({ kind: "step", call, ...request }), noting);
    return { outputs, after: answer.kind === "stepped" ? answer.after : null };
  }

  release(object: number): void {
    this.post({ kind: "release", object });
  }

  private post(request: Request): void {
    this.worker.post(request);
  }

  private ask(request: (call: number) => Request, decide: Decide | null): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.broken !== null) return reject(this.broken);
      const call = this.numbers++;
      this.post(request(call));
      this.waiting.set(call, { resolve, reject, decide });
    });
  }

  private async receive(answer: Answer): Promise<void> {
    const waiting = this.waiting.get(answer.call);
    if (answer.kind === "undecided") {
      let decision: Awaited<ReturnType<Decide>> = null;
      try {
        decision = (await waiting?.decide?.(answer.squaredNorms, answer.outputs)) ?? null;
      } catch (error) {
        waiting?.reject(error as Error); // the step changes nothing, and its caller hears why
      }
      return this.post({ kind: "decided", call: answer.call, decision });
    }
    this.waiting.delete(answer.call);
    if (answer.kind === "failed") waiting?.reject(errorOf(answer.failure));
    else waiting?.resolve(answer);
  }

  private breakOff(cause: Error): void {
    this.broken = new UnrollError(
      {
        where: "the worker of this page",
        expected: "a worker that runs",
        got: `one that failed: ${cause.message}`,
        fix: "Serve the library's files from the page's own origin, all of them, and allow workers (worker-src).",
      },
      { cause },
    );
    for (const { reject } of this.waiting.values()) reject(this.broken);
    this.waiting.clear();
  }
}
