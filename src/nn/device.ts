/** Which device the outermost calls (fit, predict, ...) pass down. Nothing deeper reads it. */
import type { ArenaOptions } from "../core/run/arenaDevice.ts";
import { rememberedTuning } from "../core/run/calibration.ts";
import type { Device, Trainer } from "../core/run/device.ts";
import { inPage, variable } from "../core/run/host.ts";
import { nativeDevice, nativeMissing } from "../core/run/nativeDevice.ts";
import { referenceDevice } from "../core/run/referenceDevice.ts";
import { remoteDevice } from "../core/run/remoteDevice.ts";
import { wasmDevice } from "../core/run/wasmDevice.ts";
import { UnrollError } from "../errors.ts";
import { type Checks, checkOptions, flag, oneOf, whole, wrongValue } from "./options.ts";

export type DeviceName = "auto" | "wasm" | "native" | "reference";
export interface DeviceOptions {
  /** Threads, the calling one included, 1024 at most. Default: one a core. The results do not depend on it. */
  readonly threads?: number;
  /** The same bits on every machine and engine, without relaxed instructions; of wasm alone. Default: false. */
  readonly strict?: boolean;
  /** Rows of a shard. Default: from the sizes of model and batch. */
  readonly shardRows?: number;
  /** Bytes. Default: 1 GiB. */
  readonly memoryLimit?: number;
}
export interface DeviceInfo extends Pick<Device, "name" | "mode" | "description"> {
  /** Whether there is a native device here; if not, why, and what brings it. */
  readonly native: NativeOffer;
}
export type NativeOffer =
  | { readonly available: true }
  | { readonly available: false; readonly reason: string; readonly fix: string };

const nameCheck = oneOf("auto", "wasm", "native", "reference");
const chosen: { device: Device | null; name: DeviceName; options: DeviceOptions } = {
  device: null,
  name: "auto",
  options: {},
};
/** The last few, by name and options: a change to and fro starts no threads. The one used last comes last. */
const made = new Map<string, Device>();
const mostMade = 4;

/**
 * Chooses the device of every later call; "auto" is the one that the variable UNROLL_DEVICE names, else wasm. Throws an
 * UnrollError for a name or an option that there is not, and for "native" where there is none, with what to install.
 */
export function setDevice(name: DeviceName, options: DeviceOptions = {}): void {
  checkName(name, "setDevice(name)");
  checkOptions("setDevice", options, checks);
  if (name === "native") deviceFor(name, options); // which says what is missing
  Object.assign(chosen, { name, options: { ...options }, device: null });
}

/** The next calls make their devices anew. */
export function forgetDevices(): void {
  chosen.device = null;
  made.clear();
}

/** The device in use, and whether there could be a native one: the first call looks for a compiler. */
export async function deviceInfo(): Promise<DeviceInfo> {
  const { name, mode, description } = currentDevice();
  return { name, mode, description, native: nativeOffer() };
}

export function nativeOffer(): NativeOffer {
  const missing = nativeMissing();
  return missing === null
    ? { available: true }
    : { available: false, reason: missing.missing, fix: missing.fix };
}

/** The device chosen, made on first use; or the one called `name`, with the options chosen. */
export function currentDevice(name?: DeviceName): Device {
  if (name === undefined || name === chosen.name) {
    chosen.device ??= deviceFor(chosen.name, chosen.options);
    return chosen.device;
  }
  checkName(name, "the device of a call");
  return deviceFor(name, chosen.options);
}

function deviceFor(name: DeviceName, options: DeviceOptions): Device {
  const { threads, strict, shardRows, memoryLimit } = options;
  const key = JSON.stringify([name, variable("UNROLL_DEVICE"), threads, strict, shardRows, memoryLimit]);
  const device = made.get(key) ?? makers[name](options);
  made.delete(key);
  made.set(key, device);
  if (made.size > mostMade) made.delete([...made.keys()][0] ?? "");
  return device;
}

const makers: { readonly [N in DeviceName]: (options: DeviceOptions) => Device } = {
  auto: defaultDevice,
  wasm: wasmHere,
  native: nativeHere,
  reference: () => keptInFloat32(referenceDevice()),
};

/** Bits that are the same everywhere come from wasm alone, whatever the environment says. */
function defaultDevice(options: DeviceOptions): Device {
  const name = variable("UNROLL_DEVICE") ?? "auto";
  checkName(name, "the variable UNROLL_DEVICE");
  return makers[name === "auto" || options.strict === true ? "wasm" : name](options);
}

function nativeHere(options: DeviceOptions): Device {
  if (options.strict !== true) return tuned(nativeDevice, options);
  throw new UnrollError({
    where: 'setDevice("native", options), strict',
    expected: "the device wasm, which has a mode with the same bits on every machine",
    got: "native, whose bits depend on compiler and processor",
    fix: 'Use setDevice("wasm", { strict: true }), or leave strict out.',
  });
}

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
  return tuned(inPage() ? remoteDevice : wasmDevice, options);
}

/** With what a calibration has chosen. Making a device takes nothing: memory and threads come when it is used. */
function tuned(make: (options: ArenaOptions) => Device, options: DeviceOptions): Device {
  const device = make(options);
  const tuning = rememberedTuning(device);
  return tuning === null ? device : make({ ...options, tuning });
}

/** A page of memory is 64 KiB; less than this holds no program. */
const leastMemory = 2 ** 20;
/** More than any machine has cores; each thread takes some megabytes. */
const mostThreads = 1024;
const checks: Checks = {
  threads: whole(1, mostThreads),
  strict: flag,
  shardRows: whole(1),
  memoryLimit: { ...whole(leastMemory), expected: `bytes, a whole number of ${leastMemory} or more` },
};

function checkName(name: unknown, where: string): asserts name is DeviceName {
  if (!nameCheck.holds(name)) throw wrongValue(where, "name", name, nameCheck);
}
