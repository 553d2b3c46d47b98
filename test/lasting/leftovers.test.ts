/**
 * Nothing is left behind: after ten more trainings that end, fail, are interrupted or refused, after sessions, streams,
 * predictions and files, the process has open what it had before; and it ends by itself, with threads that sleep.
 */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { lockName } from "../../src/node/lock.node.ts";
import { leftovers, run, useHome } from "./programs.ts";

const at = useHome();
const things = [
  "fit that ends",
  "fit that fails",
  "fit that explodes",
  "fit that is interrupted",
  "fit whose folder somebody has",
  "fit that cannot save",
  "predict, evaluate, gradients",
  "save and load",
  "sessions",
  "streams that nobody reads to the end",
];

describe.runIf(existsSync("/proc/self/fd")).each(["wasm", "reference"])("on %s", (device) => {
  test.each(things)("%s", async (thing) => {
    const folder = at(`${device} ${thing}`);
    const { code, out, err } = await run(leftovers(thing, device, folder));
    expect([code, err]).toEqual([0, ""]);
    const { before, after } = JSON.parse(out) as Readonly<Record<string, Readonly<Record<string, number>>>>;
    expect(after).toEqual(before);
    expect(before?.["thread"]).toBeGreaterThan(0);
    const names = existsSync(folder) ? await readdir(folder, { recursive: true }) : [];
    expect(names.filter((path) => lockName.test(path.split("/").at(-1) ?? ""))).toEqual([]);
  });
});

test.runIf(existsSync("/proc/self/fd"))(
  "devices that are no longer chosen give their threads back",
  async () => {
    const { code, out, err } = await run(["--expose-gc", ...leftovers("devices", "wasm", at("devices"))]);
    expect([code, err]).toEqual([0, ""]);
    const { before, after } = JSON.parse(out) as Readonly<Record<string, Readonly<Record<string, number>>>>;
    expect(after).toEqual(before);
  },
);
