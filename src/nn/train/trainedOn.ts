/** The device that a network is trained on, which its bits depend on: kept beside it, saved with it, and compared. */
import type { Device } from "../../core/run/device.ts";
import { countAt, fault, fieldsAt, textAt } from "../model/fields.ts";
import type { Network } from "../model/network.ts";
import { spelt } from "../options.ts";

/** JSON. On another device, in another mode or with other shards, a training has other bits. */
export type DeviceFacts = Pick<Device, "name" | "mode" | "shardRows">;

const devices = new WeakMap<Network, DeviceFacts>();

/** The device of the last training, here or before it was saved; null of a network that was never trained. */
export const trainedOn = (network: Network): DeviceFacts | null => devices.get(network) ?? null;

export function recordDevice(network: Network, { name, mode, shardRows }: DeviceFacts): void {
  devices.set(network, { name, mode, shardRows });
}

const fields = ["name", "mode?", "shardRows", "description?"];

/** As a file has it. Those that hold no mode are taken for files of a network that was never trained. */
export function restoreDevice(network: Network, config: unknown, where: string): void {
  if (config === null) return;
  const { name, mode, shardRows } = fieldsAt(config, where, fields);
  const known = textAt(name, `${where}.name`, ["wasm", "native", "reference"]) as Device["name"];
  const rows = shardRows === null ? null : countAt(shardRows, `${where}.shardRows`);
  if (mode === undefined) return;
  const told = textAt(mode, `${where}.mode`);
  if (!/^\P{Cc}{1,80}$/u.test(told)) throw fault(`${where}.mode`, "a short text", spelt(told));
  recordDevice(network, { name: known, mode: told, shardRows: rows });
}

/** What differs when a training goes on elsewhere: how it was, how it goes on, and the call that brings it back. */
export interface Change {
  readonly before: string;
  readonly now: string;
  /** Null where no call brings it back: another compiler, machine or engine. */
  readonly call: string | null;
}

/** Null where the bits are those of a training that never stopped. */
export function changeOfDevice(network: Network, device: DeviceFacts): Change | null {
  const was = trainedOn(network);
  if (was === null || textOf(was) === textOf(device)) return null;
  return { before: textOf(was), now: textOf(device), call: callFor(was, device) };
}

const textOf = ({ name, mode, shardRows }: DeviceFacts): string =>
  `${name} (${mode}${shardRows === null ? "" : `, ${shardRows} rows a shard`})`;

function callFor(was: DeviceFacts, now: DeviceFacts): string | null {
  if (was.name === "native" && now.name === "native" && was.mode !== now.mode) return null;
  const options = [
    ...(was.mode === "strict" ? ["strict: true"] : []),
    ...(was.shardRows === null ? [] : [`shardRows: ${was.shardRows}`]),
  ];
  return `setDevice("${was.name}"${options.length === 0 ? "" : `, { ${options.join(", ")} }`})`;
}

/** For people who wrote the program. */
export function tellChange({ before, now, call }: Change): void {
  const same = call === null ? "the same needs the machine and compiler of before" : `for the same: ${call}`;
  const what = `this training was on ${before} and goes on with ${now}`;
  console.warn(`Unroll: ${what}, so its bits are others than without the stop; ${same}.`);
}
