/**
 * A session: a causal model run one step at a time. The states are the session's; the model knows nothing of it. It
 * keeps the weights it began with, whatever becomes of the model's.
 */
import type { Batch, Device, Executable, HostArray } from "../../core/run/device.ts";
import { type End, type Network, once } from "../model/network.ts";
import { arranged, listed } from "../model/structure.ts";
import { sizeOf } from "../model/tensor.ts";
import { refuseUnlessCausal } from "./causal.ts";
import { type Feed, feedOf } from "./feeds.ts";
import { type Stepping, steppingOf } from "./stepping.ts";

/** One output, or as many as the model has, in its structure; the next push overwrites them. */
export type Pushed = Float32Array | readonly Float32Array[] | Readonly<Record<string, Float32Array>>;

export interface StepSession {
  /** One step; for a model that returns its last output only, what `predict` gives for all steps so far. */
  push(x: unknown): Pushed;
  /** The states before the first step again. */
  reset(): void;
}

/** Throws an UnrollError where the model looks ahead. Stateful layers begin anew: the states are not the model's. */
export function openSession(network: Network, device: Device, where = "model.session()"): StepSession {
  refuseUnlessCausal(network, where);
  const stepping = steppingOf(network);
  return new OneStream(network, stepping, executableFor(stepping, device), weightsNow(network));
}

function executableFor({ executables, computation }: Stepping, device: Device): Executable {
  const executable = executables.get(device) ?? device.compile(computation);
  executables.set(device, executable);
  return executable;
}

interface Held {
  readonly version: number;
  readonly values: readonly Float32Array[];
}

/** A copy of the weights, the same one for all sessions that begin before a weight changes. */
function weightsNow(network: Network): Held {
  const last = once(network, "weights of sessions", (): { held: Held } => ({
    held: { version: -1, values: [] },
  }));
  if (last.held.version !== network.version) {
    const values = network.variables.map(({ value }) => Float32Array.from(value));
    last.held = { version: network.version, values };
  }
  return last.held;
}

const where = "session.push(x)";
/** Numbers of one step of an output. */
const widthOf = ({ symbol, time }: End): number =>
  sizeOf(symbol.axes.slice(time === null ? 0 : 1).map(Number));

class OneStream implements StepSession {
  readonly #executable: Executable;
  readonly #weights: Held;
  readonly #feeds: readonly Feed[];
  readonly #write: (x: unknown) => void;
  readonly #first: readonly Float32Array[];
  readonly #outputs: readonly Float32Array[];
  readonly #pushed: Pushed;
  /** The numbers of a step, then the states. */
  readonly #inputs: HostArray[];
  readonly #batch: Batch;

  constructor(network: Network, stepping: Stepping, executable: Executable, weights: Held) {
    const { inputs, inputsAs, outputs, outputsAs } = network;
    this.#executable = executable;
    this.#weights = weights;
    const [only, ...more] = inputs.map((end) =>
      feedOf(network, end, inputs.length > 1 ? `${where}, "${end.name}"` : where),
    );
    this.#feeds = only ? [only, ...more] : [];
    this.#write =
      only && inputsAs.as === "one" ? only.write : (x) => this.#writeAll(listed(inputsAs, x, where));
    this.#first = stepping.first(weights.values);
    this.#outputs = outputs.map((end) => new Float32Array(widthOf(end)));
    this.#pushed = arranged(outputsAs, this.#outputs);
    this.#inputs = [...this.#feeds.map(({ values }) => values), ...this.#first];
    this.#batch = { rows: 1, times: { time: 1 }, inputs: this.#inputs, version: weights.version };
  }

  push(x: unknown): Pushed {
    this.#write(x);
    const made = this.#executable.runNow(this.#batch, this.#weights.values);
    const outputs = this.#outputs.length;
    for (let k = 0; k < outputs; k++) this.#outputs[k]?.set(made[k] as Float32Array);
    for (let k = outputs; k < made.length; k++)
      this.#inputs[this.#feeds.length + k - outputs] = made[k] as Float32Array;
    return this.#pushed;
  }

  reset(): void {
    this.#inputs.splice(this.#feeds.length, this.#first.length, ...this.#first);
  }

  #writeAll(values: readonly unknown[]): void {
    for (const [k, feed] of this.#feeds.entries()) feed.write(values[k]);
  }
}
