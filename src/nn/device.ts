/** Which device the outermost calls (fit, predict, ...) pass down. Nothing deeper reads it. */
import type { Device } from "../core/run/device.ts";
import { referenceDevice } from "../core/run/referenceDevice.ts";
import { wasmDevice } from "../core/run/wasmDevice.ts";
import { UnrollError } from "../errors.ts";
import { nearest } from "../spelling.ts";

export type DeviceName = "auto" | "wasm" | "native" | "reference";
export interface DeviceOptions {
  /** Threads, the calling one included. Default: one a core. The results do not depend on it. */
  readonly threads?: number;
  /** The same bits on every machine and engine, without relaxed instructions. Default: false. */
  readonly strict?: boolean;
  /** Rows of a shard. Default: from the sizes of model and batch. */
  readonly shardRows?: number;
  /** Bytes. Default: 1 GiB. */
  readonly memoryLimit?: number;
}
export interface DeviceInfo {
  readonly name: Device["name"];
  readonly description: string;
}

const names: readonly DeviceName[] = ["auto", "wasm", "native", "reference"];
const chosen: { device: Device | null; name: DeviceName; options: DeviceOptions } = { device: null, name: "auto", options: {} };
const others = new Map<DeviceName, Device>();

/** Chooses the device of every later call. Throws an UnrollError for a name that there is not. */
export function setDevice(name: DeviceName, options: DeviceOptions = {}): void {
  checkName(name);
  Object.assign(chosen, { name, options, device: null });
  others.clear();
}

/** The device in use. */
export async function deviceInfo(): Promise<DeviceInfo> {
  const { name, description } = currentDevice();
  return { name, description };
}

/** The device chosen, made on first use; or the one called `name`, with the options chosen. */
export function currentDevice(name?: DeviceName): Device {
  if (name === undefined || name === chosen.name) {
    chosen.device ??= makers[chosen.name](chosen.options);
    return chosen.device;
  }
  checkName(name);
  const device = others.get(name) ?? makers[name](chosen.options);
  others.set(name, device);
  return device;
}

const makers: { readonly [N in DeviceName]: (options: DeviceOptions) => Device } = {
  auto: (options) => wasmDevice(options),
  wasm: (options) => wasmDevice(options),
  native: () => {
    throw new UnrollError({
      where: 'device "native"',
      expected: "a device of this build",
      got: "one that it does not have",
      fix: 'Use setDevice("wasm").',
    });
  },
  reference: () => referenceDevice(),
};

function checkName(name: string): void {
  if (names.some((known) => known === name)) return;
  throw new UnrollError({
    where: "setDevice(name)",
    expected: names.map((known) => `"${known}"`).join(", "),
    got: `"${name}"`,
    fix: `Did you mean "${nearest(name, names) ?? "auto"}"?`,
  });
}
