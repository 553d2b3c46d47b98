/** What the WebAssembly engine at hand can run: asked by validating a module of one multiply-add. */
import type { Expression, Program } from "../../plan/program.ts";
import { renderWasm } from "./wasm.ts";

/** Whether the engine has 128-bit vectors, which every program needs. */
export function simdSupported(): boolean {
  return WebAssembly.validate(renderWasm(probe, { relaxed: false, shared: false }));
}

/** Whether the engine has the fused multiply-add of relaxed SIMD. */
export function relaxedSimdSupported(): boolean {
  return WebAssembly.validate(renderWasm(probe, { relaxed: true, shared: false }));
}

const one: Expression = { kind: "constant", value: 1 };
const probe: Program = {
  lanes: 4,
  functions: [
    {
      name: "probe",
      parameters: [],
      exported: true,
      body: [
        {
          kind: "store",
          address: { kind: "int", value: 0 },
          offset: 0,
          value: { kind: "vector", op: "multiplyAdd", inputs: [one, one, one] },
        },
      ],
    },
  ],
};
