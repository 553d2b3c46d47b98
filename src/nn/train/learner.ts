/**
 * A network that learns: what it was compiled with, its training state, and the trainer that holds its weights on a
 * device while steps are made.
 *
 * The weights of the network are copies while there is a trainer: `pull` brings them up to date when somebody looks,
 * `push` tells the trainer when somebody changed them. Between two steps on batches of one's own they stay where they
 * are. Networks may share layers: whoever begins to train, or looks at weights, has the learner that trained last bring
 * its weights home (`pullLast`).
 */
import type { Device, Executable, Trainer } from "../../core/run/device.ts";
import type { Network } from "../model/network.ts";
import type { Compiled } from "./compile.ts";
import { type Program, type Purpose, programOf, purposeKey } from "./program.ts";
import { refuseUnless } from "./refuse.ts";
import { freshState, type TrainingState } from "./state.ts";
import { updateOf } from "./update.ts";

export interface Learner {
  readonly network: Network;
  readonly compiled: Compiled;
  readonly programs: Map<string, Program>;
  readonly executables: WeakMap<Device, Map<Program, Executable>>;
  state: TrainingState;
  live: Live | null;
  /** Whether a training is under way. */
  busy: boolean;
  /** Puts into the state what only a training under way knows. */
  capture: (() => void) | null;
}
export interface Live {
  readonly device: Device;
  readonly program: Program;
  readonly trainer: Trainer;
  /** Whether the trainer has made steps that the network does not know of. */
  ahead: boolean;
  /** The version of the network that the trainer has. */
  version: number;
}

export function learnerOf(network: Network, compiled: Compiled): Learner {
  const state = freshState(network, compiled.optimizer);
  return {
    network,
    compiled,
    programs: new Map(),
    executables: new WeakMap(),
    state,
    live: null,
    busy: false,
    capture: null,
  };
}

/** The one whose weights are on a device alone while nothing trains it: kept, since others may share its layers. */
let last: Learner | null = null;

/** Brings home the weights of the learner that was trained last, unless it is this one. */
export function pullLast(learner: Learner | null): void {
  if (last !== null && last !== learner) pull(last);
}

/** One training at a time: `work` has the learner to itself. */
export async function exclusively<T>(learner: Learner, where: string, work: () => Promise<T>): Promise<T> {
  refuseUnless(!learner.busy, {
    where,
    expected: "one training of a model at a time",
    got: "a second call while the first is under way",
    fix: "Await the first call.",
  });
  learner.busy = true;
  pullLast(learner);
  try {
    return await work();
  } finally {
    pullLast(learner);
    last = learner.live?.ahead === true ? learner : null;
    learner.busy = false;
  }
}

export async function programFor(
  { network, compiled, programs }: Learner,
  purpose: Purpose,
): Promise<Program> {
  const key = purposeKey(purpose);
  const program = programs.get(key) ?? (await programOf(network, compiled, purpose));
  programs.set(key, program);
  return program;
}

export function executableFor({ executables }: Learner, program: Program, device: Device): Executable {
  const made = executables.get(device) ?? new Map<Program, Executable>();
  executables.set(device, made);
  const executable = made.get(program) ?? device.compile(program.objective.computation);
  made.set(program, executable);
  return executable;
}

/** Trainers of learners that nobody has any more. */
const forgotten = new FinalizationRegistry<Trainer>((trainer) => trainer.release());

/** The trainer of a program, with the weights and slots as they are now. */
export async function liveFor(learner: Learner, device: Device, purpose: Purpose): Promise<Live> {
  const program = await programFor(learner, purpose);
  const { live } = learner;
  if (live?.program === program && live.device === device) {
    push(learner, live);
    return live;
  }
  release(learner);
  const { compiled, network } = learner;
  const updates = network.variables.map(({ regularizer }, k) =>
    program.trained[k] ? updateOf(compiled.optimizer, regularizer) : null,
  );
  const trainer = device.train(program.objective.computation, updates);
  forgotten.register(learner, trainer, learner);
  learner.live = { device, program, trainer, ahead: false, version: network.version };
  write(learner, learner.live);
  return learner.live;
}

/** Gives the trainer back; its weights are brought home first. */
export function release(learner: Learner): void {
  if (learner.live === null) return;
  pull(learner);
  forgotten.unregister(learner);
  learner.live.trainer.release();
  learner.live = null;
}

/** The network's weights and the state's slots as they are after the last step. */
export function pull(learner: Learner): void {
  const { live, network, state } = learner;
  if (live === null || !live.ahead) return;
  const { weights, slots } = live.trainer.read();
  live.ahead = false;
  if (last === learner) last = null;
  state.slots = slotsFrom(learner, live, slots);
  if (network.version !== live.version) return; // somebody gave other weights meanwhile: theirs hold
  network.variables.forEach((variable, k) => {
    if (live.program.trained[k]) variable.value = weights[k] ?? variable.value;
  });
  network.version++;
  live.version = network.version;
}

/** Tells the trainer of weights that came from elsewhere since the last step. */
export function push(learner: Learner, live: Live): void {
  if (learner.network.version === live.version) return;
  pull(learner);
  write(learner, live);
}

function write({ network, state }: Learner, live: Live): void {
  const slots = network.variables.map((_, k) => (live.program.trained[k] ? (state.slots[k] ?? []) : []));
  live.trainer.write(
    network.variables.map(({ value }) => value),
    slots,
  );
  live.version = network.version;
  live.ahead = false;
}

function slotsFrom(
  { state }: Learner,
  { program }: Live,
  slots: readonly (readonly Float32Array[])[],
): TrainingState["slots"] {
  return state.slots.map((own, k) => (program.trained[k] ? (slots[k] ?? own) : own));
}
