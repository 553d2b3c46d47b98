import { test } from "vitest";
import { plan } from "../../src/core/plan/plan.ts";
import { printPlan } from "../../src/core/plan/print.ts";
import { functionRoundings, relative } from "../tolerances.ts";
import { agrees } from "./cases.ts";
import { devices } from "./devices.ts";
import { parts } from "./partCases.ts";
import { computations, ragged } from "./programs.ts";
import { scans } from "./scanCases.ts";

const log = (s: string) => process.stderr.write(s + "\n");
test("all", () => {
  const only = process.env["ONLY"];
  for (const [name, make] of Object.entries({ ...scans, ...parts })) {
    if (only && only !== name) continue;
    let all;
    const program = make();
    try {
      all = computations(program);
    } catch (e) {
      log(`${name} | build | ${(e as Error).message.split("\n").slice(0, 2).join(" ")}`);
      continue;
    }
    all.forEach((computation, k) => {
      if (only)
        try {
          log(printPlan(plan(computation, 4)));
        } catch (e) {
          log((e as Error).stack!);
        }
      const { sizes = ragged, inputs = {}, exact = false } = program;
      try {
        agrees(
          devices[0]!.device(process.env["SH"] ? { shardRows: 2, threads: 2, chunk: 2 } : {}),
          { ...sizes, computation, inputs },
          exact && k == 0 ? 0 : relative(108 * (5 + functionRoundings) + 30),
        );
      } catch (e) {
        log(
          `${name} | ${k ? "grad" : "fwd"} | ${(e as Error).message.split("\n")[0]}` +
            (only ? (e as Error).stack : ""),
        );
      }
    });
  }
});
