/** CTC against PyTorch: losses and gradients, over lengths, repeats, blanks and large logits. */
import { describe, test } from "vitest";
import { devices } from "./close.ts";
import { ctcCases, expectCtc } from "./ctc.ts";

describe.each(devices)("PyTorch's CTC, on $name", (tested) => {
  test.each(ctcCases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    expectCtc(one, tested);
  });
});
