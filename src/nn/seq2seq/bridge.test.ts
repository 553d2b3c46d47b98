import { expect, test } from "vitest";
import { input } from "../layers/input.ts";
import { functional } from "../models.ts";
import type { Signal } from "../signals.ts";
import type { Symbolic } from "../symbols.ts";
import { joined } from "./bridge.ts";

test("of both directions, the state of the one that reads forward is on the left", async () => {
  const inputs = { there: input({ shape: [2] }), back: input({ shape: [2] }) };
  const { there, back } = inputs as unknown as Readonly<Record<keyof typeof inputs, Symbolic>>;
  const states = joined({ forwardH: there, forwardC: back, backwardH: back, backwardC: there });
  expect(Object.keys(states)).toEqual(["h", "c"]);
  const outputs = states as unknown as Readonly<Record<"h" | "c", Signal<"vector", 4, "causal">>>;
  const { h, c } = await functional({ inputs, outputs }).predict({ there: [[1, 2]], back: [[3, 4]] });
  expect(h.toArray()).toEqual([[1, 2, 3, 4]]);
  expect(c.toArray()).toEqual([[3, 4, 1, 2]]);
});
