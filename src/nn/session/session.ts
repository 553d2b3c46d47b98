/**
 * A session: a causal model run one step at a time, one stream or many together. The states are the session's; the
 * model knows nothing of it. It keeps the weights it began with, whatever becomes of the model's, until `refresh`.
 */
import type { Device, Executable } from "../../core/run/device.ts";
import type { Network } from "../model/network.ts";
import { type Check, whole } from "../options.ts";
import { refuseUnlessCausal } from "./causal.ts";
import { feedsOf } from "./feeds.ts";
import { type Held, heldNow } from "./held.ts";
import { type Push, pushMany, pushOne } from "./push.ts";
import { refuseUnlessOrder, refuseUnlessStream } from "./rows.ts";
import { snapshotOf, statesIn } from "./snapshot.ts";
import { type Stepping, steppingOf } from "./stepping.ts";
import { Streams } from "./streams.ts";

export interface StepSession {
  /** One step; for a model that returns its last output only, what `predict` gives for all steps so far. */
  readonly push: Push;
  /** The states before the first step again, of one stream or of all. */
  reset(row?: number): void;
  /** Stream k goes on from the state that stream `rows[k]` has now: several may begin with the same. */
  reorder(rows: ArrayLike<number>): void;
  /** The states as bytes. */
  snapshot(): Uint8Array;
  /** The states of a snapshot. Throws an UnrollError, and changes nothing, where it is not one of this model. */
  restore(bytes: Uint8Array): void;
  /** Another session with the same states and the same weights; each goes its own way. */
  fork(): StepSession;
  /** Goes on with the weights that the model has now. */
  refresh(): void;
}

export interface Opening {
  /** The number of streams; null for one, without an array around its steps. */
  readonly batch?: number | null;
  /** As many steps as a sequence may have, where layers keep all that they have seen. Default: 512. */
  readonly maxSteps?: number | undefined;
  /** For errors. */
  readonly where?: string;
}

const mostStreams = 2 ** 20;
/** What `batch` has to be. */
export const streamsCheck: Check = whole(1, mostStreams);

/** Throws an UnrollError where the model looks ahead. Stateful layers begin anew: the states are not the model's. */
export function openSession(
  network: Network,
  device: Device,
  { batch = null, maxSteps, where = "model.session()" }: Opening = {},
): StepSession {
  refuseUnlessCausal(network, where);
  const stepping = steppingOf(network, maxSteps);
  const executable = executableFor(stepping, device);
  const opened = { network, stepping, executable, rows: batch ?? 1, many: batch !== null };
  return sessionOf(opened, heldNow(network, stepping), null);
}

/** One for all sessions of a network on a device. */
function executableFor({ executables, computation }: Stepping, device: Device): Executable {
  const executable = executables.get(device) ?? device.compile(computation);
  executables.set(device, executable);
  return executable;
}

interface Opened {
  readonly network: Network;
  readonly stepping: Stepping;
  readonly executable: Executable;
  readonly rows: number;
  /** Whether steps and outputs come in arrays. */
  readonly many: boolean;
}

/** A session with these weights and states; null for those before the first step. */
function sessionOf(opened: Opened, held: Held, states: readonly Float32Array[] | null): StepSession {
  const { network, stepping, rows, many } = opened;
  const where = (stream: number): string => (many ? `session.push(xs), row ${stream}` : "session.push(x)");
  const feeds = feedsOf({ network, rows, where });
  const streams = new Streams({ ...opened, feeds: feeds.values }, held);
  if (states !== null) streams.take(states);
  const owner = { network, rows, states: streams.states };
  return {
    push: (many ? pushMany : pushOne)({ network, rows, feeds, streams, limit: stepping.limit }),
    reset: (row) => {
      if (row !== undefined) refuseUnlessStream(row, rows, "session.reset(row)");
      streams.reset(row);
    },
    reorder: (from) => {
      refuseUnlessOrder(from, rows, "session.reorder(rows)");
      streams.reorder(from);
    },
    snapshot: () => snapshotOf(owner),
    restore: (bytes) => streams.take(statesIn(bytes, owner)),
    fork: () => sessionOf(opened, streams.held, streams.states),
    refresh: () => streams.hold(heldNow(network, stepping)),
  };
}
