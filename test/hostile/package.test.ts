/** What is published holds what it is meant to hold, and depends on what the lock file says to the byte. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { posix } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
interface Packed {
  readonly path: string;
  readonly mode: number;
}
let files: readonly Packed[] = [];

beforeAll(async () => {
  const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    maxBuffer: 2 ** 26,
  });
  files = (JSON.parse(stdout) as readonly { readonly files: readonly Packed[] }[])[0]?.files ?? [];
});

/** The two files that are built from each source that is no test. */
function built(): readonly string[] {
  return readdirSync("src", { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .flatMap((path) => [".js", ".d.ts"].map((ending) => posix.join("dist", path.replace(/\.ts$/, ending))));
}

describe("the tarball", () => {
  test("holds the built sources, package.json, README and licence: no tests, maps or leftovers", () => {
    const wanted = [...built(), "LICENSE", "README.md", "package.json"];
    expect(files.map(({ path }) => path).sort()).toEqual(wanted.sort());
    for (const { mode } of files) expect(mode & 0o7022).toBe(0);
  });

  test.each<[string, RegExp]>([
    ["paths of a machine", /(^|[^\w.])\/(root|home|Users|tmp|work|private|mnt)\/\w|\b[A-Z]:\\\\?Users/],
    ["maps to sources", /sourceMappingURL/],
    ["addresses of hosts inside", /\blocalhost\b|\b127\.0\.0\.1\b|\b(10|192\.168|172\.16)\.\d+\.\d+\b/],
    [
      "secrets",
      /npm_[A-Za-z0-9]{30}|gh[pousr]_[A-Za-z0-9]{30}|AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|_authToken/,
    ],
  ])("has no %s", (_, pattern) => {
    const found = files.flatMap(({ path }) => {
      const line = readFileSync(path, "utf8")
        .split("\n")
        .find((one) => pattern.test(one));
      return line === undefined ? [] : [`${path}: ${line.trim().slice(0, 200)}`];
    });
    expect(found).toEqual([]);
  });

  test("names neither this folder nor its user's", () => {
    const here = [process.cwd(), homedir()].filter((path) => path.length > 5);
    for (const { path } of files)
      expect(
        here.filter((one) => readFileSync(path, "utf8").includes(one)),
        path,
      ).toEqual([]);
  });
});

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
}

describe("dependencies", () => {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
    readonly packages: Record<string, Locked>;
  };
  const all = Object.entries(lock.packages).filter(([path]) => path !== "");

  test("each is pinned to one version and to a hash of its bytes", () => {
    expect(all.length).toBeGreaterThan(10);
    for (const [path, { version, integrity, resolved, link }] of all) {
      expect(version, path).toMatch(/^\d+\.\d+\.\d+/);
      expect(integrity, path).toMatch(/^sha512-/);
      expect([resolved, link], path).toEqual([undefined, undefined]);
    }
  });

  test("a user gets commander, and koffi where it can be; neither brings others, and commander runs nothing", () => {
    const used = all.filter(([, { dev }]) => dev !== true);
    const names = used.map(([path]) => path.replace("node_modules/", ""));
    expect(names.filter((name) => !/^(commander|koffi|@koromix\/koffi-[\w-]+)$/.test(name))).toEqual([]);
    expect(used.filter(([, one]) => one.hasInstallScript && !one.optional)).toEqual([]);
  });

  test("none has a known hole, where the registry can be asked", async () => {
    // npm ends with 1 where it found something, and says so on standard output.
    const asked = await run("npm", ["audit", "--json", "--omit=dev"], { timeout: 60_000 }).catch(
      (error: { readonly stdout?: string }) => ({ stdout: error.stdout ?? "" }),
    );
    const report = JSON.parse(asked.stdout || "{}") as {
      readonly metadata?: { readonly vulnerabilities: object };
    };
    if (report.metadata === undefined) console.log("npm audit: this registry does not answer");
    else expect(report.metadata.vulnerabilities).toMatchObject({ total: 0 });
  });
});
