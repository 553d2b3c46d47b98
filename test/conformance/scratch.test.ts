import { test } from "vitest";
import { referenceDevice } from "../../src/core/run/referenceDevice.ts";
import { compare, given } from "./cases.ts";
import { cellNames, toleranceFor, trainingCase } from "./cells.ts";
import { devices } from "./devices.ts";
const log = (s: string) => process.stderr.write(s + "\n");
test("scan grid", () => {
  const device = devices[0]!.device({ threads: 1 });
  for (const cell of cellNames) for (const g of [false, true]) for (const reverse of [false, true]) for (const ragged of [false, true]) {
    for (const [F, U, V, B, T] of [[3, 4, 5, 3, 4], [3, 4, 5, 17, 4], [1, 1, 1, 1, 1], [3,4,1,3,4], [3,1,5,3,4], [1,4,5,3,4], [3, 4, 5, 3, 17],[16,17,5,3,2]] as const) {
    const network = { cell, features: F, units: U, classes: V, given: g, reverse };
    const extents = { rows: B, steps: T, ragged };
    let msgs: string[] = [];
    try {
    const one = trainingCase(network, extents, 5);
    const { batch, weights } = given(one);
    const wanted = referenceDevice().compile(one.computation).runNow(batch, weights);
    const got = device.compile(one.computation).runNow(batch, weights);
    wanted.forEach((w, k) => { try { compare([got[k]!], [w], toleranceFor(network, extents)); } catch (e) { msgs.push(`${k}: ${(e as Error).message.slice(9, 90)}`); } });
    } catch (e) { msgs.push((e as Error).message.slice(0, 200)); }
    if (msgs.length) log(`${cell} given=${g} rev=${reverse} ragged=${ragged} F${F} U${U} V${V} B${B} T${T} lengths ${batch_(extents)}\n   ${msgs.join("\n   ")}`);
    }
  }
  function batch_(e: any) { return ""; }
});
