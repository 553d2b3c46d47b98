import { expect, test } from "vitest";
import { renderWasm } from "../../render/wasm/wasm.ts";
import { lowerTurn } from "./turn.ts";

/** Floats of each pair of indices: below, at and above whole vectors. */
test.each([1, 3, 4, 5, 9])("the two outer axes change places, %i floats a pair", (width) => {
  const [outer, inner] = [3, 2];
  const memory = new WebAssembly.Memory({ initial: 1 });
  const bytes = renderWasm({ lanes: 4, functions: [lowerTurn(4)] }, { relaxed: false, shared: false });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const floats = new Float32Array(memory.buffer);
  const size = outer * inner * width;
  for (let k = 0; k < size; k++) floats[k] = k + 1;
  const to = 1024;
  const pair = 4 * width;
  (exports["turn"] as (...inputs: number[]) => void)(
    0,
    4 * to,
    outer,
    inner,
    inner * pair,
    pair,
    pair,
    outer * pair,
    pair,
  );
  for (let a = 0; a < outer; a++) {
    for (let b = 0; b < inner; b++) {
      for (let k = 0; k < width; k++) {
        expect(floats[to + (b * outer + a) * width + k]).toBe((a * inner + b) * width + k + 1);
      }
    }
  }
  expect(floats[to + size]).toBe(0);
});
