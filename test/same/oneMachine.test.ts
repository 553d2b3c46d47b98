/**
 * In relaxed and native mode a training has one hash on one machine: for any number of threads, any tiles and lengths of
 * chunks that a calibration may choose, and any spacing of checkpoints that memory asks for.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { candidatesFor } from "../../src/core/plan/candidates.ts";
import { wasmTarget } from "../../src/core/plan/target.ts";
import { nativeTargetHere } from "../../src/core/run/nativeDevice.ts";
import { hash, hashInLittleMemory } from "./command.ts";

/** Four threads of little memory: values are computed again, in segments of a chunk or more. */
const fourThreads = ["--threads", "4"];

describe.each([
  { mode: "relaxed", threads: [2, 3, 5, 8], target: () => wasmTarget },
  { mode: "native", threads: [2, 3, 8], target: nativeTargetHere },
])("$mode", ({ mode, threads, target }) => {
  const { tiles, chunks } = candidatesFor(target());
  let [folder, usual] = ["", ""];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "unroll-same-"));
    const answer = await hash(["--mode", mode, "--threads", "1"], { env: { UNROLL_CACHE: folder } });
    usual = answer.hash;
  }, 240_000);
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  test.each(threads)("%d threads", async (count) => {
    const answer = await hash(["--mode", mode, "--threads", `${count}`], { env: { UNROLL_CACHE: folder } });
    expect(answer.told).toMatch(new RegExp(`, ${count} thread`));
    expect(answer.hash).toBe(usual);
  });

  test("stopped, and gone on with", async () => {
    const env = { UNROLL_CACHE: folder };
    const answer = await hash(["--mode", mode, "--threads", "2", "--stop", "77"], { env });
    expect(answer.hash).toBe(usual);
  });

  test("memory for segments alone", async () => {
    const answer = await hashInLittleMemory(["--mode", mode, ...fourThreads], { UNROLL_CACHE: folder });
    expect(answer.told).toMatch(/in segments of \d+ steps/);
    expect(answer.hash).toBe(usual);
  });

  // What a calibration may choose: every length of chunks, the kinds of tiles in turn. It is remembered in the folder.
  const choices = chunks.map((chunk, k) => ({ chunk, tiles: tiles[k % tiles.length] ?? "" }));
  test.each(choices)("$tiles, $chunk", async ({ tiles: own, chunk }) => {
    const tuned = ["--mode", mode, ...fourThreads, "--tiles", own, "--chunk", chunk];
    const answer = await hashInLittleMemory(tuned, { UNROLL_CACHE: folder });
    const steps = Number.parseInt(chunk, 10);
    // A third of the longest sequence: segments of it save next to nothing, and there may be room for every step.
    if (steps < 20) expect(answer.told).toContain(`in segments of ${steps} steps`);
    expect(answer.hash).toBe(usual);
  });
});
