import { test } from "vitest";
import { functionRoundings, relative } from "../tolerances.ts";
import { agrees } from "./cases.ts";
import { devices } from "./devices.ts";
import { exact, programs, rounded, settings } from "./operatorCases.ts";

const log = (s: string) => process.stderr.write(s + "\n");
const sizes = {
  rows: 5,
  times: { time: 6 },
  lengths: { time: [6, 2, 0, 5, 6] },
  inputs: { divisor: Float32Array.of(1.75) },
};
test("all", () => {
  const device = devices[0]!.device();
  const only = process.env["ONLY"];
  for (const [place, setting] of Object.entries(settings))
    for (const [name, apply] of Object.entries({ ...exact, ...rounded }))
      for (const width of [1, 5, 8]) {
        if (only && only !== name) continue;
        const both = programs(setting, apply, width);
        both.forEach((computation, k) => {
          const tol =
            k === 0 && name in exact && /^on (seq|rows)/.test(place)
              ? 0
              : relative(3 * 8 * 6 + 5 * 6 * 16 + 4 * functionRoundings);
          try {
            agrees(device, { ...sizes, computation }, tol);
          } catch (e) {
            log(
              `${name} | ${place} | w${width} ${k ? "grad" : "fwd"} | ${(e as Error).message.split("\n")[0]}` +
                (only ? (e as Error).stack : ""),
            );
          }
        });
      }
});
