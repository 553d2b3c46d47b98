/** Programs as WebAssembly modules. */
import { type Tuning, wasmTarget } from "../plan/target.ts";
import { renderWasm } from "../render/wasm/wasm.ts";
import type { Backend } from "./backend.ts";

/** `relaxed`: fused multiply-adds, where the engine has them. */
export function wasmBackend(relaxed: boolean, tuning: Tuning = wasmTarget): Backend {
  return {
    name: "wasm",
    target: { ...wasmTarget, ...tuning },
    compile: (program, { shared }) => {
      const names = program.functions.filter(({ exported }) => exported).map(({ name }) => name);
      const module = new WebAssembly.Module(renderWasm(program, { relaxed, shared }));
      return { kind: "wasm", module, names };
    },
  };
}
