/** Which device the outermost calls (fit, predict, ...) pass down. Nothing deeper reads it. */
import type { Device, Trainer } from "../core/run/device.ts";
import { inPage } from "../core/run/host.ts";
import { referenceDevice } from "../core/run/referenceDevice.ts";
import { remoteDevice } from "../core/run/remoteDevice.ts";
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
const chosen: { device: Device | null; name: DeviceName; options: DeviceOptions } = {
  device: null,
  name: "auto",
  options: {},
};
const others = new Map<DeviceName, Device>();

/** Chooses the device of every later call. Throws an UnrollError for a name or an option that there is not. */
export function setDevice(name: DeviceName, options: DeviceOptions = {}): void {
  checkName(name);
  checkDeviceOptions(options);
  Object.assign(chosen, { name, options, device: null });
  others.clear();
}

/** What is written down beside a training: on another device, or with other shards, its bits are others. */
export interface DeviceFacts extends DeviceInfo {
  /** Null: from the sizes of model and batch. */
  readonly shardRows: number | null;
}

export function deviceFacts(): DeviceFacts {
  const { name, description } = currentDevice();
  return { name, description, shardRows: chosen.options.shardRows ?? null };
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
  auto: wasmHere,
  wasm: wasmHere,
  native: () => {
    throw new UnrollError({
      where: 'device "native"',
      expected: "a device of this build",
      got: "one that it does not have",
      fix: 'Use setDevice("wasm").',
    });
  },
  reference: () => keptInFloat32(referenceDevice()),
};

/** Weights and slots rounded after every step, as on all devices: then what is saved is all there is. */
export function keptInFloat32(device: Device): Device {
  const train: Device["train"] = (computation, updates) => {
    const trainer = device.train(computation, updates);
    const step: Trainer["step"] = async (batch, decide) => {
      const outputs = await trainer.step(batch, decide);
      const { weights, slots } = trainer.read();
      trainer.write(weights, slots);
      return outputs;
    };
    return { ...trainer, step };
  };
  return { ...device, train };
}

/** A page must not wait: there the device is in a worker. */
function wasmHere(options: DeviceOptions): Device {
  return inPage() ? remoteDevice(options) : wasmDevice(options);
}

const optionNames = ["threads", "strict", "shardRows", "memoryLimit"];

/** A page of memory is 64 KiB; less than this holds no program. */
const leastMemory = 2 ** 20;

function checkDeviceOptions(options: DeviceOptions): void {
  const given: unknown = options;
  if (typeof given !== "object" || given === null) {
    throw new UnrollError({
      where: "setDevice(name, options)",
      expected: "an object of options",
      got: String(given),
      fix: "Leave it out, or give { threads, strict, shardRows, memoryLimit }.",
    });
  }
  if (typeof options.memoryLimit === "number" && options.memoryLimit < leastMemory) {
    throw new UnrollError({
      where: "setDevice(name, options), memoryLimit",
      expected: `at least ${leastMemory} bytes`,
      got: String(options.memoryLimit),
      fix: "It is in bytes; the default is 2 ** 30.",
    });
  }
  for (const [name, value] of Object.entries(options) as readonly [string, unknown][]) {
    if (!optionNames.includes(name)) {
      throw new UnrollError({
        where: "setDevice(name, options)",
        expected: `options: ${optionNames.join(", ")}`,
        got: `"${name}"`,
        fix: `Did you mean "${nearest(name, optionNames) ?? "threads"}"?`,
      });
    }
    const flag = name === "strict";
    if (
      value === undefined ||
      (flag ? typeof value === "boolean" : Number.isInteger(value) && Number(value) > 0)
    )
      continue;
    const expected = flag ? "true or false" : "a whole number of 1 or more";
    throw new UnrollError({
      where: `setDevice(name, options), ${name}`,
      expected,
      got: typeof value === "string" ? `"${value}"` : String(value),
      fix: `Set ${name} to ${expected}, or leave it out.`,
    });
  }
}

function checkName(name: string): void {
  if (names.some((known) => known === name)) return;
  throw new UnrollError({
    where: "setDevice(name)",
    expected: names.map((known) => `"${known}"`).join(", "),
    got: `"${name}"`,
    fix: `Did you mean "${nearest(String(name), names) ?? "auto"}"?`,
  });
}
