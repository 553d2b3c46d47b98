/** The native device as programs meet it: offered or not, compiled once, undisturbed by damage and by others. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { matmul, parameter } from "../../src/core/index.ts";
import { nativeDevice } from "../../src/core/run/nativeDevice.ts";
import { computationOf } from "../conformance/cases.ts";
import "./mode.ts";
import { type Place, place } from "./process.ts";

let here: Place;
beforeEach(() => {
  here = place();
});
afterEach(() => here.clear());

const says = `
try { unroll.setDevice("native"); } catch (error) { console.log(error.name, error.message); }
console.log(JSON.stringify(await unroll.deviceInfo()));`;
const predicts = `
unroll.setDevice("native", { threads: 1 });
const model = unroll.sequential(unroll.input({ shape: [null, 3] }), unroll.lstm({ units: 5 }));
const y = await model.predict([[[1, 2, 3], [4, 5, 6]]]);
console.log(JSON.stringify(y.toArray()));`;

describe("where it is not offered, deviceInfo says why, and asking for it what to install", () => {
  test.each<[string, (at: string) => Record<string, string>, RegExp, RegExp]>([
    ["no compiler", (at) => ({ CC: join(at, "none") }), /no C compiler answers to ".*none"/, /install gcc/],
    ["a compiler that is none", () => ({ CC: "true" }), /no C compiler answers to "true"/, /install gcc/],
    ["no cache", (at) => ({ UNROLL_CACHE: join(at, "calls") }), /cannot be written/, /UNROLL_CACHE/],
  ])("%s", async (_, environment, reason, fix) => {
    const { out, code, err } = await here.run(says, environment(here.path));
    expect([code, err]).toEqual([0, ""]);
    const [error = "", info = ""] = out.split("\n");
    expect(error).toMatch(/^UnrollError device "native": expected a C compiler/);
    expect(error).toMatch(reason);
    expect(error).toMatch(fix);
    expect(JSON.parse(info)).toMatchObject({
      name: "wasm",
      native: {
        available: false,
        reason: expect.stringMatching(reason),
        fix: expect.stringMatching(fix),
      },
    });
  });
  test("it is offered here", async () => {
    const { out } = await here.run(says);
    expect(JSON.parse(out)).toMatchObject({ name: "native", native: { available: true } });
  });
});

describe("a program is compiled", () => {
  test("once, and then loaded from the cache", async () => {
    const environment = here.compiler();
    const first = await here.run(predicts, environment);
    expect([first.code, first.err]).toEqual([0, ""]);
    const compiled = here.compiled();
    expect(compiled).toBeGreaterThan(0);
    expect(await here.run(predicts, environment)).toEqual(first);
    expect(here.compiled()).toBe(compiled);
  });
  test("again where the cache is damaged", async () => {
    const environment = here.compiler();
    const first = await here.run(predicts, environment);
    const compiled = here.compiled();
    const folder = join(here.path, "native");
    for (const name of readdirSync(folder)) {
      const bytes = readFileSync(join(folder, name));
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(join(folder, name), bytes);
    }
    expect(await here.run(predicts, environment)).toEqual(first);
    expect(here.compiled()).toBe(2 * compiled);
  });
  test("by two processes at once", async () => {
    const [one, other] = await Promise.all([here.run(predicts), here.run(predicts)]);
    expect([one.code, one.err]).toEqual([0, ""]);
    expect(other).toEqual(one);
    const names = readdirSync(join(here.path, "native"));
    expect(names.filter((name) => !name.endsWith(".so"))).toEqual([]);
  });
  test("or the error gives the compiler's own first lines", async () => {
    const fails =
      'case "$*" in *-shared*) echo "internal compiler error: boom" >&2; exit 1;; esac; exec cc "$@"';
    const { code, err } = await here.run(predicts, here.compiler(fails));
    expect(code).toBe(1);
    expect(err).toMatch(
      /UnrollError: device "native": .*to compile the program.*internal compiler error: boom/s,
    );
    expect(readdirSync(join(here.path, "native"))).toEqual([]);
  });
});

test("the command line computes on it unless told otherwise", async () => {
  const main = fileURLToPath(new URL("../../dist/node/cli/main.js", import.meta.url));
  const text = join(here.path, "fox.txt");
  writeFileSync(text, "the quick brown fox jumps over the lazy dog. ".repeat(20));
  const sizes = ["--units", "8", "--seq", "8", "--batch", "2", "--steps", "3"];
  const args = ["train", "generate", text, "--out", join(here.path, "model"), ...sizes];
  const { UNROLL_DEVICE: _, ...rest } = process.env;
  const env = { ...rest, UNROLL_CACHE: here.path };
  const device = async (more: readonly string[]): Promise<unknown> => {
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...args, ...more, "--json"], {
      env,
    });
    return (JSON.parse(stdout) as { readonly device: { readonly name: string } }).device.name;
  };
  expect(await device([])).toBe("native");
  expect(await device(["--device", "wasm"])).toBe("wasm");
});

test("a program may end while threads are still beginning", async () => {
  const script = predicts.replace("threads: 1", "threads: 16");
  for (let k = 0; k < 5; k++) {
    const { code, err } = await here.run(`${script}\nprocess.exit(0);`);
    expect([code, err]).toEqual([0, ""]);
  }
});

test("UNROLL_DEVICE=native makes it the default", async () => {
  const script =
    'console.log((await unroll.deviceInfo()).name); unroll.setDevice("wasm"); console.log((await unroll.deviceInfo()).name);';
  const { out } = await here.run(script, { UNROLL_DEVICE: "native" });
  expect(out).toBe("native\nwasm\n");
});

test("subnormal numbers are as ever for the program around it", () => {
  const [x, w] = [parameter("x", ["rows", 1]), parameter("w", [1, 1])];
  const computation = computationOf({ inputs: [x], weights: [w], outputs: [matmul(x, w)] });
  const executable = nativeDevice({ threads: 1 }).compile(computation);
  const tiny = Float32Array.of(2 ** -100);
  const [product] = executable.runNow({ rows: 1, times: {}, inputs: [tiny] }, [Float32Array.of(2 ** -40)]);
  expect(product?.[0]).toBe(0);
  const numbers = Float64Array.of(Number.MIN_VALUE, 2 ** -1022);
  expect(numbers[0]! * 3).toBe(3 * Number.MIN_VALUE);
  expect(numbers[0]! * 3).toBeGreaterThan(0);
  expect(numbers[1]! / 2).toBe(2 ** -1023);
  expect(Math.fround(numbers[1]! * 2 ** 882)).toBe(2 ** -140);
});
