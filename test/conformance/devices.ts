/** The devices that the conformance suite runs on: those of WebAssembly, or in the native mode the native one. */
import type { Tuning } from "../../src/core/plan/target.ts";
import type { Device } from "../../src/core/run/device.ts";
import { nativeDevice } from "../../src/core/run/nativeDevice.ts";
import { wasmDevice } from "../../src/core/run/wasmDevice.ts";
import { nativeMode } from "../native/mode.ts";

/** What changes no bit but `shardRows`, which a test holds fixed. */
export interface DeviceOptions {
  readonly threads?: number;
  readonly chunk?: number;
  readonly shardRows?: number;
  readonly segment?: number;
  readonly memoryLimit?: number;
  readonly tuning?: Tuning;
}
export interface Tested {
  readonly name: string;
  /** A device of its own, or the one made before with the same options: starting threads takes time. */
  readonly device: (options?: DeviceOptions) => Device;
  /** False where wasm runs the same plan, or one with longer vectors: such a one is not put through every place. */
  readonly thorough: boolean;
  /** Features of what operators are put on: parts of a vector, whole ones, several. */
  readonly widths: readonly number[];
  /** Networks that are drawn for it. A C compiler takes half a second for each, and for every other program. */
  readonly shapes: number;
}

export const devices: readonly Tested[] = nativeMode
  ? [tested("native", { thorough: false, widths: [17], shapes: 60 }, nativeDevice)]
  : [
      tested("wasm", { thorough: true, widths: [1, 8], shapes: 160 }, wasmDevice),
      tested("strict wasm", { thorough: false, widths: [5], shapes: 160 }, (options) =>
        wasmDevice({ ...options, strict: true }),
      ),
    ];

function tested(
  name: string,
  extent: Pick<Tested, "thorough" | "widths" | "shapes">,
  make: (options: DeviceOptions) => Device,
): Tested {
  const made = new Map<string, Device>();
  const device = (options: DeviceOptions = {}): Device => {
    const all = { threads: 1, ...options };
    const key = JSON.stringify(all);
    const found = made.get(key) ?? make(all);
    made.set(key, found);
    return found;
  };
  return { name, device, ...extent };
}
