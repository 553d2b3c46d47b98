/** Whole modules: a product by tiles in every mode, the import of the memory, and programs that break the rules. */
import { beforeAll, describe, expect, test } from "vitest";
import { int, load, local, loop, machine, main, programOf, store } from "../../../../test/programs.ts";
import { badPrograms, tiledProduct } from "../../../../test/renderPrograms.ts";
import type { Program } from "../../plan/program.ts";
import { prepareEngine } from "../../run/host.ts";
import { relaxedSimdSupported, simdSupported } from "./features.ts";
import { renderWasm, type WasmOptions } from "./wasm.ts";

beforeAll(prepareEngine);

const strict: WasmOptions = { relaxed: false, shared: false };
const modes: readonly WasmOptions[] = [
  strict,
  { relaxed: true, shared: false },
  { relaxed: false, shared: true },
  { relaxed: true, shared: true },
];

describe.each(modes)("a product, relaxed $relaxed, shared $shared", (options) => {
  test("by tiles of 2 rows and 4 vectors has JavaScript's bits", () => {
    const product = tiledProduct(4);
    const { floats, call } = machine(programOf(product.function), options);
    product.fill(floats);
    call(product.function.name, product.inner);
    expect(product.found(floats)).toEqual(product.expected(floats));
  });
});

describe("a module", () => {
  test("imports shared memory only when it is asked to", () => {
    const imported = (shared: boolean): WebAssembly.Module =>
      new WebAssembly.Module(renderWasm(programOf(main([])), { relaxed: false, shared }));
    const env = { memory: new WebAssembly.Memory({ initial: 1 }) };
    expect(() => new WebAssembly.Instance(imported(false), { env })).not.toThrow();
    expect(() => new WebAssembly.Instance(imported(true), { env })).toThrow(WebAssembly.LinkError);
  });
  test("is what this engine can run, relaxed too", () => {
    expect([simdSupported(), relaxedSimdSupported()]).toEqual([true, true]);
  });
  test("has the same bytes each time", () => {
    const program = programOf(
      main([loop("n", [int(0), local("x"), 4], [store(local("n"), load(0))])], ["x"]),
    );
    expect(renderWasm(program, strict)).toEqual(renderWasm(program, strict));
  });
});

describe("a bad program is not rendered", () => {
  test.each<readonly [string, Program, RegExp]>([
    ["eight lanes", { lanes: 8, functions: [] }, /4 lanes, not 8/],
    ...badPrograms,
  ])("%s", (_, program, message) => {
    expect(() => renderWasm(program, strict)).toThrow(message);
  });
});
