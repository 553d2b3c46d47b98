/** Calibration of the devices that the outermost calls use. */
import { type Calibration, calibrateDevice } from "../core/run/calibration.ts";
import { UnrollError } from "../errors.ts";
import { currentDevice, type DeviceName, forgetDevices } from "./device.ts";

/**
 * Measures which tiles and lengths of chunks are the fastest on this machine, about a second on wasm and some seconds
 * on native, and remembers them for every program of the user's that runs in the same engine on the same processor; in
 * a browser for the page. No bit of a result depends on them. Default: the device in use. Throws an UnrollError for
 * "reference".
 */
export async function calibrate(device?: DeviceName): Promise<Calibration> {
  const { name, mode } = currentDevice(device);
  if (name === "reference") {
    throw new UnrollError({
      where: "calibrate(device)",
      expected: "a device with tiles and chunks: wasm or native",
      got: '"reference"',
      fix: 'Use calibrate("wasm") or calibrate("native").',
    });
  }
  const found = await calibrateDevice({ name, mode });
  forgetDevices();
  return found;
}
