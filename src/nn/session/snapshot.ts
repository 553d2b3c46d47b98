/**
 * The states of a session as bytes, to be kept or sent, all numbers little-endian:
 *
 *   4 bytes   "UnRS"
 *   4         version, 1
 *   8         the hash of the model
 *   4         rows
 *   4         floats of a row, all states together
 *   ...       the states one after the other, each float32 [rows, ...]
 *   4         CRC-32 of everything before
 *
 * The hash is that of the equations of one step, with the names and shapes of all weights, and of the seed the model
 * was built with. The values of the weights are no part of it: a model that was trained on is the same model, and its
 * sessions may go on from states of before (as they do after `refresh`); a session goes on bit for bit where the
 * weights are the same too. Bytes come from anywhere: nothing is believed before it is checked.
 */
import { printGraph } from "../../core/graph/print.ts";
import { type Key, keyOf } from "../../core/run/random.ts";
import { UnrollError } from "../../errors.ts";
import { looksAtSteps } from "../model/bounds.ts";
import { checksum } from "../model/checksum.ts";
import { type Network, once } from "../model/network.ts";
import { spelt } from "../options.ts";
import { steppingOf } from "./stepping.ts";

/** What a snapshot belongs to, and its states: `[rows, ...]` each. */
export interface Owner {
  readonly network: Network;
  readonly rows: number;
  readonly states: readonly Float32Array[];
}

const magic = "UnRS";
const version = 1;
const headBytes = 24;
const checkBytes = 4;

export function snapshotOf({ network, rows, states }: Owner): Uint8Array {
  const bytes = new Uint8Array(bytesFor(rows, floatsOf(states, rows)));
  const view = new DataView(bytes.buffer);
  const [a, b] = hashOf(network);
  for (let k = 0; k < magic.length; k++) bytes[k] = magic.charCodeAt(k);
  for (const [k, word] of [version, a, b, rows, floatsOf(states, rows)].entries())
    view.setUint32(4 + 4 * k, word, true);
  let at = headBytes;
  for (const state of states) {
    bytes.set(new Uint8Array(state.buffer, state.byteOffset, state.byteLength), at);
    at += state.byteLength;
  }
  view.setUint32(at, checksumOf(bytes), true);
  return bytes;
}

/** The states in the bytes of a snapshot. Throws an UnrollError unless it is one of this owner, and whole. */
export function statesIn(bytes: Uint8Array, { network, rows, states }: Owner): readonly Float32Array[] {
  const words = checkedWords(bytes);
  const [, a, b, count, floats] = words;
  const [ownA, ownB] = hashOf(network);
  if (a !== ownA || b !== ownB) throw anotherModel();
  if (floats !== floatsOf(states, rows)) throw otherRoom(network);
  if (count !== rows) throw otherRows(count ?? 0, rows);
  const copy = new Uint8Array(bytes.subarray(headBytes)); // begins at 0, so that floats may stand in it
  let at = 0;
  return states.map(({ length }) => {
    at += length;
    return new Float32Array(copy.buffer, 4 * (at - length), length);
  });
}

/** Version, hash, rows and floats of a row, of bytes that are whole. */
function checkedWords(bytes: unknown): readonly number[] {
  if (!(bytes instanceof Uint8Array)) throw fault("the bytes of a snapshot, a Uint8Array", spelt(bytes));
  const begins = [...magic].every((letter, k) => bytes[k] === letter.charCodeAt(0));
  if (!begins) throw fault(`bytes that begin with "${magic}"`, `${bytes.length} bytes that do not`);
  if (bytes.length < headBytes) throw fault(`at least ${headBytes} bytes`, `${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const words = [4, 8, 12, 16, 20].map((at) => view.getUint32(at, true));
  const [found = 0, , , rows = 0, floats = 0] = words;
  if (found !== version) throw fault(`version ${version}`, `version ${found}`, "Update the library.");
  const whole = bytesFor(rows, floats);
  if (bytes.length !== whole)
    throw fault(`${whole} bytes, as its beginning says`, `${bytes.length}: cut short or damaged`);
  const check = view.getUint32(bytes.length - checkBytes, true);
  if (check !== checksumOf(bytes)) throw fault("bytes that fit their checksum", "damaged ones");
  return words;
}

const bytesFor = (rows: number, floats: number): number => headBytes + 4 * rows * floats + checkBytes;
const floatsOf = (states: readonly Float32Array[], rows: number): number =>
  states.reduce((total, { length }) => total + length / rows, 0);
const checksumOf = (bytes: Uint8Array): number =>
  Number.parseInt(checksum(bytes.subarray(0, bytes.length - checkBytes)), 16);

/** Computed once for each network. */
const hashOf = (network: Network): Key =>
  once(network, "hash of snapshots", () =>
    keyOf(network.seed, printGraph(steppingOf(network).computation.outputs)),
  );

const where = "session.restore(bytes)";
const fault = (
  expected: string,
  got: string,
  fix = "Give what session.snapshot() returned, unchanged.",
): UnrollError => new UnrollError({ where, expected, got, fix });

const anotherModel = (): UnrollError =>
  fault(
    "a snapshot of this model",
    "one of another model",
    "Restore it in a session of the model that it was taken from.",
  );

/** States of a model have one size but where attention has room for maxSteps. */
const otherRoom = (network: Network): UnrollError =>
  looksAtSteps(network)
    ? fault(
        "a snapshot of a session with the same maxSteps",
        "one with other room",
        "Open both sessions with the same maxSteps.",
      )
    : anotherModel();

const otherRows = (count: number, rows: number): UnrollError =>
  fault(
    `a snapshot of ${rows} ${rows === 1 ? "stream" : "streams"}`,
    `one of ${count}`,
    `Open the session with model.session({ batch: ${count} }).`,
  );
