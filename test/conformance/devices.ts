/** The devices that the conformance suite runs on; one line adds another. */
import type { Device } from "../../src/core/run/device.ts";
import { wasmDevice } from "../../src/core/run/wasmDevice.ts";

/** What changes no bit but `shardRows`, which a test holds fixed. */
export interface DeviceOptions {
  readonly threads?: number;
  readonly chunk?: number;
  readonly shardRows?: number;
  readonly memoryLimit?: number;
}
export interface Tested {
  readonly name: string;
  /** A device of its own, or the one made before with the same options: starting threads takes time. */
  readonly device: (options?: DeviceOptions) => Device;
  /** False where another of the list runs the same plan: such a one is not put through every place and width. */
  readonly thorough: boolean;
}

export const devices: readonly Tested[] = [
  tested("wasm", true, (options) => wasmDevice(options)),
  tested("strict wasm", false, (options) => wasmDevice({ ...options, strict: true })),
];

function tested(name: string, thorough: boolean, make: (options: DeviceOptions) => Device): Tested {
  const made = new Map<string, Device>();
  const device = (options: DeviceOptions = {}): Device => {
    const all = { threads: 1, ...options };
    const key = JSON.stringify(all);
    const found = made.get(key) ?? make(all);
    made.set(key, found);
    return found;
  };
  return { name, device, thorough };
}
