/** A folder has one holder at a time; a lock holds as long as its process is not known to have ended. */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { localDisk } from "./disk.node.ts";
import { lockName } from "./lock.node.ts";
import { holdFolder, writeFolder } from "./store.node.ts";

let folder = "";
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "unroll-lock-")), "run");
});
afterEach(() => rm(join(folder, ".."), { recursive: true }));

const locks = async (): Promise<string[]> => (await readdir(folder)).filter((name) => lockName.test(name));
const hold = (owner: object | null, work = async (): Promise<unknown> => locks()): Promise<unknown> =>
  holdFolder(folder, owner, work);
/** Puts down a lock; what `lock` does not say is that of this process. */
async function putLock(lock: Readonly<Record<string, unknown>> | string, pid = process.pid): Promise<void> {
  const own = await hold(null, async () => readFile(join(folder, (await locks())[0] ?? ""), "utf8"));
  const facts = { ...JSON.parse(String(own)), pid, ...(typeof lock === "string" ? {} : lock) };
  const name = join(folder, `unroll-${pid}-0123abcd.lock`);
  await writeFile(name, typeof lock === "string" ? lock : JSON.stringify(facts));
}
/** A process that is there until it is told otherwise. */
const another = async (work: (pid: number) => Promise<void>): Promise<void> => {
  const child = spawn("sleep", ["100"]);
  try {
    await work(child.pid ?? 0);
  } finally {
    child.kill();
  }
};
const startOf = async (pid: number): Promise<string | undefined> =>
  (await readFile(`/proc/${pid}/stat`, "utf8")).split(" ")[21];

describe("in one process", () => {
  test("a lock is there as long as somebody holds the folder, whatever becomes of the work", async () => {
    expect(await hold({})).toHaveLength(1);
    await expect(hold({}, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await locks()).toEqual([]);
  });

  test("two trainings are refused, the second with this process named, by whatever path; helpers are not", async () => {
    const [first, second] = [{}, {}];
    await mkdir(folder);
    await symlink(folder, `${folder}-link`);
    await hold(null, () =>
      hold(first, async () => {
        await expect(hold(second)).rejects.toThrow(
          new RegExp(`got one that another model of this process, ${process.pid}, is saved to`),
        );
        await expect(holdFolder(`${folder}-link`, second, async () => 1)).rejects.toThrow(/another model/);
        expect(await hold(first)).toHaveLength(1);
        expect(await hold(null)).toHaveLength(1);
      }),
    );
    expect(await hold(second)).toHaveLength(1);
    expect(await locks()).toEqual([]);
  });

  test("many at once, one lock", async () => {
    let away = 20;
    let open = (): void => undefined;
    const allAreThere = new Promise<void>((resolve) => {
      open = resolve;
    });
    const seeing = async (): Promise<unknown> => {
      if (--away === 0) open();
      await allAreThere;
      return locks();
    };
    const seen = await Promise.all(Array.from({ length: away }, () => hold(null, seeing)));
    expect(seen[0]).toHaveLength(1);
    expect(new Set(seen.map(String)).size).toBe(1);
  });
});

describe.runIf(process.platform === "linux")("a lock of", () => {
  const refused = async (message: RegExp): Promise<void> => {
    await expect(hold({})).rejects.toThrow(message);
    await expect(
      writeFolder(
        folder,
        new Map([
          ["a", new Uint8Array()],
          ["b", new Uint8Array()],
        ]),
      ),
    ).rejects.toThrow(message);
    expect(await locks()).toHaveLength(1); // its own is gone
  };
  const passed = async (): Promise<void> => {
    expect(await hold({})).toHaveLength(1);
    expect(await locks()).toEqual([]);
  };

  test("a process that is there is refused, and told with its command", () =>
    another(async (pid) => {
      const start = await startOf(pid);
      await putLock({ start, command: "train book.txt", since: "2026-01-02T03:04:05.678Z" }, pid);
      await refused(
        new RegExp(
          `run: expected a folder that nobody else writes to, got one that process ${pid} on this machine writes to ` +
            `\\("train book.txt", since 2026-01-02T03:04:05.678Z\\)\\. .* remove .*unroll-${pid}-0123abcd\\.lock`,
        ),
      );
    }));

  test("another thread of this process is refused", async () => {
    await putLock({ thread: 7 });
    await refused(new RegExp(`process ${process.pid} on this machine`));
  });

  test("a process that is gone is nobody's", async () => {
    let gone = 0;
    await another(async (pid) => {
      gone = pid;
    });
    await expect.poll(() => readFile(`/proc/${gone}/stat`).catch(() => null), { timeout: 60_000 }).toBe(null);
    await putLock({ start: "1" }, gone);
    await passed();
  });

  test("a process whose number somebody else has now is nobody's", () =>
    another(async (pid) => {
      await putLock({ start: "1" }, pid);
      await passed();
    }));

  test("a process that has ended but was not asked how (a zombie) is nobody's", async () => {
    const parent = spawn("sh", ["-c", "sleep 1 & echo $!; exec sleep 100"]);
    try {
      const pid = await new Promise<number>((resolve) =>
        parent.stdout.once("data", (text) => resolve(Number(text))),
      );
      const start = await startOf(pid);
      await expect
        .poll(async () => (await readFile(`/proc/${pid}/stat`, "utf8")).split(" ")[2], { timeout: 60_000 })
        .toBe("Z");
      await putLock({ start }, pid);
      await passed();
    } finally {
      parent.kill();
    }
  });

  test("before the machine was started again is nobody's", () =>
    another(async (pid) => {
      await putLock({ start: await startOf(pid), boot: "another" }, pid);
      await passed();
    }));

  test("another machine is refused, with the file to remove: nobody can know", async () => {
    await putLock({ host: `${hostname()}-2`, boot: "another", start: "1" }, 999_999_999);
    await refused(
      /process 999999999 on the machine ".*-2" .* If there is no such process any more, remove .*\.lock/,
    );
  });

  test.each(["", "{", "null", '{"host":7,"start":{}}', "\u0000\u001b[2J"])(
    "%j tells no more than its name",
    (content) =>
      another(async (pid) => {
        await putLock(content, pid);
        await refused(new RegExp(`one that process ${pid} on this machine writes to\\. .* remove `));
        await rm(folder, { recursive: true });
        await putLock(content, 999_999_999);
        await passed();
      }),
  );

  test("what it says is printed without control characters", () =>
    another(async (pid) => {
      await putLock({ start: await startOf(pid), command: "\u001b[2J" }, pid);
      await expect(hold({})).rejects.toThrow(/"\\u001b\[2J"/);
    }));
});

test("a folder that cannot be had is told, and nothing is left", async () => {
  const full = { ...localDisk, write: () => Promise.reject(new Error("full")) };
  const { storeOn } = await import("./store.node.ts");
  await expect(storeOn(full).holdFolder(folder, {}, async () => 1)).rejects.toThrow("full");
  expect(await hold({})).toHaveLength(1);
});
