/** Of two trainings on one folder the second is refused and told which process has it; what a dead one left is no lock. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { loadModel } from "../../src/nn/models.ts";
import { lockName } from "../../src/node/lock.node.ts";
import { begin, type Ended, library, type Program, run, training, unroll, useHome } from "./programs.ts";

const at = useHome();
beforeAll(() => writeFile(at("fox.txt"), "the quick brown fox jumps over the lazy dog. ".repeat(30)));

const small = ["--units", "6", "--seq", "8", "--batch", "32", "--threads", "1", "--device", "wasm"];
const anew = (folder: string, epochs = "2"): readonly string[] =>
  unroll("train", "generate", at("fox.txt"), "--out", folder, "--epochs", epochs, ...small);
const resumed = (folder: string): readonly string[] =>
  unroll("train", "generate", "--out", folder, "--resume");
const long = 1_000_000;

const locksIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).filter((path) => lockName.test(path.split("/").at(-1) ?? ""));
async function under<T>(program: Program, words: RegExp, work: (pid: number) => Promise<T>): Promise<T> {
  await program.said(words);
  try {
    return await work(program.child.pid ?? 0);
  } finally {
    program.child.kill("SIGKILL");
    await program.ended;
  }
}
const refusal = (pid: number, command: string): RegExp =>
  new RegExp(
    `^error: .*expected a folder that nobody else writes to, got one that process ${pid} .*${command}`,
  );

describe("while a training goes on", () => {
  test("a second `unroll train` is refused, new or resumed, and changes nothing", async () => {
    const folder = at("command");
    const first = begin(anew(folder, String(long)));
    await under(first, /After|step/, async (pid) => {
      for (const args of [anew(folder), resumed(folder)]) {
        const { code, out, err } = await run(args);
        expect([code, out]).toEqual([1, ""]);
        expect(err).toMatch(refusal(pid, "train generate .*fox.txt"));
      }
      const { out } = await run([...anew(folder), "--json"]);
      expect(JSON.parse(out)).toMatchObject({
        error: { where: folder, got: expect.stringContaining(`${pid}`) },
      });
      expect(await locksIn(folder)).toHaveLength(1);
      first.child.kill("SIGINT");
      expect(await first.ended).toMatchObject({ code: 130 });
    });
    expect(await locksIn(folder)).toEqual([]);
  });

  test.each(["run", "best"])("fit is refused where checkpoint and modelCheckpoint save: %s", async (name) => {
    const folder = at(`fit-${name}`);
    await under(begin(training(folder, long)), /begun/, async (pid) => {
      await expect.poll(() => locksIn(folder), { timeout: 60_000 }).toHaveLength(2);
      const save = `
        import { dense, input, loadModel, modelCheckpoint, sequential } from ${JSON.stringify(library)};
        const model = sequential(input({ shape: [2] }), dense({ units: 1 }));
        model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
        const path = ${JSON.stringify(join(folder, name))};
        const told = [];
        for (const work of [
          () => model.fit([[1, 2]], [[1]], { checkpoint: { path } }),
          () => model.fit([[1, 2]], [[1]], { callbacks: [modelCheckpoint({ path })] }),
          () => model.save(path),
        ]) await work().catch((error) => told.push(error.name + " " + error.got));
        console.log(told.join("\\n"));`;
      const { out, err } = await run(["--input-type=module", "--eval", save]);
      expect(err).toBe("");
      expect(out).toMatch(
        new RegExp(`^(UnrollError one that process ${pid} on this machine writes to .*\n){3}$`),
      );
    });
  });
});

test("a killed training leaves its lock, and the next goes on as if there were none", async () => {
  const folder = at("killed");
  await under(begin(anew(folder, String(long))), /step/, async () => undefined);
  expect(await locksIn(folder)).toHaveLength(1);
  expect(await run(anew(folder))).toMatchObject({ code: 0, err: "" });
  expect(await locksIn(folder)).toEqual([]);
});

test("also where nobody has asked yet how it ended (a zombie)", async () => {
  const folder = at("zombie");
  const shell = spawn("sh", [
    "-c",
    `"$@" >/dev/null & echo $!; exec sleep 1000`,
    "sh",
    process.execPath,
    ...anew(folder, String(long)),
  ]);
  try {
    const pid = await new Promise<number>((resolve) =>
      shell.stdout.once("data", (text) => resolve(Number(text))),
    );
    await expect.poll(() => locksIn(folder).catch(() => []), { timeout: 60_000 }).toHaveLength(1);
    process.kill(pid, "SIGKILL");
    expect(await run(anew(folder))).toMatchObject({ code: 0, err: "" });
  } finally {
    shell.kill();
  }
});

test("of three that save at the same moments, each save is made or refused, and what is there loads", async () => {
  const folder = at("saved");
  const script = `
    import { dense, input, sequential, setSeed, UnrollError } from ${JSON.stringify(library)};
    setSeed(process.pid);
    const model = sequential(input({ shape: [3] }), dense({ units: 40 }));
    for (let k = 0; k < 60; k++) {
      const weights = model.getWeights();
      weights[0].data[0] = k;
      model.setWeights(weights);
      await model.save(${JSON.stringify(folder)}).catch((error) => {
        if (!(error instanceof UnrollError) || !error.message.includes("nobody else writes to")) throw error;
      });
    }`;
  const savers = Array.from({ length: 3 }, () => run(["--input-type=module", "--eval", script]));
  let loaded = 0;
  const look = async (): Promise<void> => {
    if (existsSync(join(folder, "config.json"))) expect((await loadModel(folder)).weights).toHaveLength(2);
    loaded++;
  };
  const ended = Promise.all(savers);
  for (let going = true; going; ) {
    going = (await Promise.race([ended, setTimeout(5)])) === undefined;
    await look();
  }
  for (const one of await ended) expect(one).toMatchObject({ code: 0, err: "" });
  expect(loaded).toBeGreaterThan(5);
  expect(await readdir(folder)).toEqual(["config.json", "model.safetensors"]);
});

test("of eight at the same moment, before a lock that a dead one left, at most one trains at a time", async () => {
  const folder = at("eight");
  await under(begin(anew(folder, String(long))), /step/, async () => undefined);
  let trained = 0;
  // Each may see another every time it looks, and give up: then nobody trains, and they try again.
  for (let round = 0; trained === 0 && round < 5; round++) {
    const programs = Array.from({ length: 8 }, () => begin(anew(folder, String(long))));
    const refusals = await Promise.all(
      programs.map(({ ended, said }) => Promise.race<Ended | null>([ended, said(/step/).then(() => null)])),
    );
    for (const { child } of programs) child.kill("SIGKILL");
    for (const ended of refusals.filter((one) => one !== null)) {
      expect(ended).toMatchObject({ code: 1, out: "" });
      expect(ended.err).toMatch(/^error: .*got one that process \d+ on this machine writes to/);
    }
    trained = refusals.filter((one) => one === null).length;
  }
  expect(trained).toBe(1);
});
