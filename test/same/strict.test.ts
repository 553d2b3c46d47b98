/**
 * In strict mode a training has one hash, the one that is committed: for any number of threads, in every version of
 * Node, in Chromium and Firefox, after a stop, in any country, and on a host that answers nothing.
 */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Host, hash, hashInLittleMemory, nodeOf, strangeHost } from "./command.ts";

const fileOf = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const committed = fileOf("strict.txt").trim();

/** The committed hash, and what it ran on. */
async function expectSame(options: string, runsOn: RegExp, host: Host = {}): Promise<void> {
  const answer = await hash(options.split(" "), host);
  expect(answer.told).toMatch(runsOn);
  expect(answer.hash).toBe(committed);
}

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unroll-same-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

test("the page of reliability tells the hash that is committed", () => {
  expect(committed).toMatch(/^[0-9a-f]{32}$/);
  expect(fileOf("../../docs/reliability.md")).toContain(committed);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])("%d threads", async (threads) => {
  await expectSame(`--threads ${threads}`, new RegExp(`200 steps, .* strict SIMD, ${threads} thread`));
});

describe.each([22, 24, 26])("Node %d", (major) => {
  test.each([1, 3])("%d threads", async (threads) => {
    await expectSame(`--threads ${threads}`, new RegExp(`${threads} thread.*, Node ${major}\\.`), {
      node: nodeOf(major),
    });
  });
});

describe.each([
  ["chromium", /Chrome\//],
  ["firefox-esr", /Firefox\//],
] as const)("%s", (browser, engine) => {
  test.each([1, 4])("%d workers", async (threads) => {
    const runsOn = new RegExp(`${threads} thread.*in a worker.*${engine.source}`);
    await expectSame(`--in ${browser} --threads ${threads}`, runsOn);
  });

  test("a page that cannot share memory", async () => {
    await expectSame(`--in ${browser} --apart --threads 4`, /1 thread, in a worker/);
  });

  test("stopped, and gone on with from the store of the page", async () => {
    await expectSame(`--in ${browser} --threads 2 --stop 77`, /200 steps/);
  });
});

describe("stopped", () => {
  test.each([1, 10, 199])("after step %d, and gone on with in new objects", async (stop) => {
    await expectSame(`--threads 2 --stop ${stop}`, /200 steps/);
  });

  test("and gone on with by other versions of Node, with other threads, twice", async () => {
    const path = join(folder, "stopped");
    const first = await hash(`--threads 3 --stop 77 --path ${path}`.split(" "));
    expect(first.told).toMatch(/^77 steps/);
    expect(first.hash).not.toBe(committed);
    const second = await hash(`--threads 1 --stop 133 --resume --path ${path}`.split(" "), {
      node: nodeOf(26),
    });
    expect(second.told).toMatch(/^133 steps/);
    await expectSame(`--threads 2 --resume --path ${path}`, /^200 steps.*Node 22/, { node: nodeOf(22) });
  });
});

describe("what may differ between hosts", () => {
  test("little memory, and chunks of other lengths: values are computed again", async () => {
    const tuned = ["--threads", "4", "--tiles", "12 accumulators", "--chunk", "6 steps, 96 cells"];
    const answer = await hashInLittleMemory(tuned, { UNROLL_CACHE: join(folder, "cache") });
    expect(answer.told).toMatch(/in segments of 6 steps/);
    expect(answer.hash).toBe(committed);
  });

  test.each([
    ["a processor without AVX and fused multiply-adds", ["--no-enable-avx", "--no-enable-fma3"]],
    ["a compiler that does not optimise JavaScript", ["--no-opt"]],
  ])("%s", async (_, flags) => {
    await expectSame("--threads 1", /200 steps/, { flags });
  });

  test.each([1, 3])(
    "clocks, random numbers, Math beyond arithmetic: none is asked, %d threads",
    async (n) => {
      await expectSame(`--threads ${n}`, /200 steps/, { flags: strangeHost });
      const asking = { flags: [...strangeHost, "--import", "data:text/javascript,Math.exp(1)"] };
      await expect(hash(["--threads", "1"], asking)).rejects.toThrow(/exp was asked/);
    },
  );

  test.each([
    { TZ: "Pacific/Apia", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8" },
    { TZ: "America/St_Johns", LANG: "ar_EG.UTF-8", LC_ALL: "ar_EG.UTF-8" },
  ])("time and place: $TZ, $LANG", async (env) => {
    await expectSame("--threads 1", /200 steps/, { env });
  });

  test("the order of keys in data and options", async () => {
    await expectSame("--threads 1 --turned", /200 steps/);
  });
});

test("another seed and another mode have other hashes: it tells trainings apart", async () => {
  const others = await Promise.all([hash(["--seed", "2"]), hash(["--mode", "relaxed"])]);
  for (const { hash: other } of others) expect(other).not.toBe(committed);
});
