/** Every expression and operator, run in the engine at hand and compared with plain JavaScript. */
import { beforeAll, describe, expect, test } from "vitest";
import { load, machine, programOf, run, store, vector } from "../../../../test/programs.ts";
import { expressionCases, functionsOf, resultOf } from "../../../../test/renderCases.ts";
import { prepareEngine } from "../../run/host.ts";
import type { WasmOptions } from "./wasm.ts";

beforeAll(prepareEngine);

const strict: WasmOptions = { relaxed: false, shared: false };

describe("expressions", () => {
  const cases = expressionCases({ lanes: 4, fused: false });
  const ready = machine(programOf(...functionsOf(cases)), strict);
  test.each(cases.map((found, number) => ({ ...found, number })))("$name", (found) => {
    expect(resultOf(found, ready, () => ready.call(`case_${found.number}`))).toEqual([...found.expected]);
  });
});

test("multiply-add rounds twice in strict mode, once or twice in relaxed mode", () => {
  const e = 2 ** -12;
  const inputs = [1 + e, 2, 1 + e, 3, 1 + e, 5, 1 + e, 4, -1 - 2 * e, 7, -1 - 2 * e, 1];
  const sum = (options: WasmOptions): readonly number[] => [
    ...run([store(64, vector("multiplyAdd", load(0), load(16), load(32)))], inputs, options).floats.subarray(
      16,
      20,
    ),
  ];
  expect(sum(strict)).toEqual([0, 17, 0, 13]);
  const relaxed = sum({ relaxed: true, shared: false });
  expect([relaxed[1], relaxed[3]]).toEqual([17, 13]);
  expect([0, e * e]).toContain(relaxed[0]);
});
