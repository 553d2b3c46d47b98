import { afterEach, expect, test, vi } from "vitest";
import { show } from "./debug.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test("what is shown has a title, without a colon where there is none", () => {
  vi.stubEnv("UNROLL_DEBUG", "plan");
  const print = vi.spyOn(console, "error").mockImplementation(() => undefined);
  show("plan", "", () => "a");
  show("plan", "second", () => "b");
  show("graph", "", () => "not asked for");
  expect(print.mock.calls).toEqual([["--- plan\na"], ["--- plan: second\nb"]]);
});
