import { describe, expect, test } from "vitest";
import { real, reals, sessionDevices, words } from "../../../test/sessions.ts";
import type { Device } from "../../core/run/device.ts";
import { dense } from "../layers/dense.ts";
import { embedding } from "../layers/embedding.ts";
import { gru, lstm } from "../layers/recurrent.ts";
import { networkOf } from "../model/network.ts";
import { functional, sequential } from "../models.ts";
import { add } from "../operators.ts";
import { openSession } from "./session.ts";

/** Does nothing: what is left is the session's own (what devices allocate: test/allocation.test.ts). */
const idle: Device = {
  ...(sessionDevices[0]?.[1] as Device),
  compile: () => ({
    run: async () => [],
    runNow: (_batch, _weights, into = []) => into,
    hold: () => Promise.reject(new Error("not by sessions")),
  }),
};

const several = (): object => {
  const [x, word] = [reals(), words()];
  const g = gru({ units: 4 })(embedding({ inputDim: 6, outputDim: 2 })(word));
  return functional({ inputs: { x, word }, outputs: { sum: add(lstm({ units: 4 })(x), g), g } });
};
const one = (): object => sequential(reals(), lstm({ units: 128 }), dense({ units: 2 }));

/**
 * Bytes that the heap grows by for each of 5,000 calls, the least of some rounds: code is still being compiled in the
 * first, and other things may be collected in any.
 */
function bytesFor(call: () => void): number {
  const [calls, rounds] = [5_000, 20];
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds && least >= nothing; round++) {
    const before = process.memoryUsage().heapUsed;
    for (let k = 0; k < calls; k++) call();
    least = Math.min(least, Math.abs(process.memoryUsage().heapUsed - before) / calls);
  }
  return least;
}

/** No object has less than 12 bytes. */
const nothing = 8;

describe("a session allocates nothing in a push", () => {
  const [a = [], b = [], c = []] = real;
  test.each<[string, () => object, number | null, unknown, { readonly rows: number[] } | undefined]>([
    ["one stream", one, null, Float32Array.from(a), undefined],
    ["one stream, an array", one, null, a, undefined],
    ["several inputs and outputs", several, null, { x: c, word: 3 }, undefined],
    ["several streams", one, 3, [a, Float32Array.from(b), c], undefined],
    ["some of several streams", one, 3, [c, a], { rows: [2, 0] }],
  ])("%s", (_, make, batch, x, options) => {
    const session = openSession(networkOf(make()), idle, { batch });
    expect(bytesFor(() => session.push(x, options))).toBeLessThan(nothing);
  });
});

test("the least object would be seen", () => {
  const kept: unknown[] = [null];
  const allocating = (): void => {
    kept[0] = { x: kept[0] === null };
  };
  expect(bytesFor(allocating)).toBeGreaterThan(nothing);
});
