/** Where a command computes: the native device where there is one, else WebAssembly, or the one that is named. */
import { type Command, Option } from "commander";
import { currentDevice, type DeviceName, nativeOffer, setDevice } from "../../nn/device.ts";
import { networkOf } from "../../nn/model/network.ts";
import { changeOfDevice, trainedOn } from "../../nn/train/trainedOn.ts";
import { whole } from "./options.ts";

export interface DeviceFlags {
  readonly device: DeviceName;
  readonly threads?: number;
}
const devices: readonly DeviceName[] = ["auto", "wasm", "native", "reference"];

/** Adds --device, which the variable UNROLL_DEVICE may give too, --threads and --json. */
export function withCommonOptions(command: Command): Command {
  return withJson(
    withDevice(command).option("--threads <n>", "threads to compute with (default: one a core)", whole(1)),
  );
}

export function withDevice(command: Command): Command {
  const device = new Option("--device <name>", "where to compute; auto: native where there is a C compiler")
    .choices(devices)
    .default("auto");
  if (process.env["UNROLL_DEVICE"]) device.env("UNROLL_DEVICE");
  return command.addOption(device);
}

export const withJson = (command: Command): Command =>
  command.option("--json", "print one JSON object on standard output, all else on standard error");

/** Makes the device of these options the one that computes. */
export function useDevice({ device, threads }: DeviceFlags): void {
  const name = device === "auto" ? (nativeOffer().available ? "native" : "wasm") : device;
  setDevice(name, threads === undefined ? {} : { threads });
}

/**
 * The device for a training that goes on: without a name the one that it was on. Where its bits are no longer those of
 * a training that never stopped, a note says so.
 */
export function resumeOn(model: object, flags: DeviceFlags): void {
  const network = networkOf(model);
  const before = trainedOn(network)?.name;
  const gone = before === "native" && !nativeOffer().available;
  useDevice(flags.device === "auto" && before !== undefined && !gone ? { ...flags, device: before } : flags);
  const change = changeOfDevice(network, currentDevice());
  if (change === null) return;
  const same = change.call === `setDevice("${before}")` ? `; --device ${before} keeps them` : "";
  process.stderr.write(
    `note: the training was on ${change.before} and goes on with ${change.now}: ` +
      `its bits will not be those of a training without the stop${same}\n`,
  );
}

/** The device that a model was trained on, for people; null of one that was not trained. */
export function deviceOf(model: object): string | null {
  const facts = trainedOn(networkOf(model));
  return facts && `${facts.name} (${facts.mode})`;
}
