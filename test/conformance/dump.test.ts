import { test } from "vitest";
import { plan } from "../../src/core/plan/plan.ts";
import { printProgram } from "../../src/core/render/print.ts";
import { printPlan } from "../../src/core/plan/print.ts";
import { exact, programs, rounded, settings } from "./operatorCases.ts";
test("dump", () => {
  const [name, place, width, grad] = (process.env["CASE"] ?? "").split("|") as [string, string, string, string];
  const c = programs(settings[place]!, ({ ...exact, ...rounded })[name]!, Number(width))[grad === "grad" ? 1 : 0]!;
  const p = plan(c, 4);
  process.stderr.write(printPlan(p) + (process.env["PROGRAM"] ? "\n" + printProgram(p.program) : "") + "\n");
});
