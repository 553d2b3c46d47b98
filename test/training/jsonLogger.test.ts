import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonLogger } from "../../src/nn/train/jsonLogger.ts";
import { ragged, tagger, train } from "./harness.ts";

test("a line an epoch, and a resumed training goes on with its lines", async () => {
  const folder = await mkdtemp(join(tmpdir(), "unroll-"));
  try {
    const path = join(folder, "figures.jsonl");
    const network = tagger();
    const options = { batchSize: 4, callbacks: [jsonLogger({ path })] };
    const { history } = await train(network, ragged, { ...options, epochs: 2 });
    await train(network, ragged, { ...options, callbacks: [jsonLogger({ path })], epochs: 3, resume: true });
    const lines = (await readFile(path, "utf8"))
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(lines).toEqual(
      [0, 1, 2].map((epoch) => ({
        epoch,
        step: 3 * (epoch + 1),
        loss: history["loss"]?.[epoch],
        mae: history["mae"]?.[epoch],
      })),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
