import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { currentDevice, deviceInfo, setDevice } from "./device.ts";

afterEach(() => {
  setDevice("reference");
});

test("the device chosen is the one in use, and one and the same", async () => {
  setDevice("reference");
  expect((await deviceInfo()).name).toBe("reference");
  expect(currentDevice()).toBe(currentDevice());
  setDevice("wasm", { threads: 1, strict: true });
  expect(await deviceInfo()).toMatchObject({ name: "wasm", mode: "strict" });
});
test("a change to and fro starts nothing anew; other options do", () => {
  setDevice("wasm", { threads: 1 });
  const first = currentDevice();
  setDevice("reference");
  setDevice("wasm", { threads: 1 });
  expect(currentDevice()).toBe(first);
  setDevice("wasm", { threads: 1, shardRows: 8 });
  expect(currentDevice()).not.toBe(first);
});
test("a call may ask for another device", () => {
  setDevice("wasm", { threads: 1 });
  expect(currentDevice("reference").name).toBe("reference");
  expect(currentDevice("reference")).toBe(currentDevice("reference"));
  expect(currentDevice().name).toBe("wasm");
});
test.each([
  [{ thread: 2 }, /Did you mean "threads"\?/],
  [{ threads: 0 }, /threads: expected a whole number from 1 to 1024, got 0/],
  [{ threads: 1.5 }, /got 1\.5/],
  [{ threads: -1 }, /got -1/],
  [{ threads: Number.NaN }, /got NaN/],
  [{ threads: 1e9 }, /from 1 to 1024, got 1000000000/],
  [{ threads: "two" }, /got "two"/],
  [{ memoryLimit: -1 }, /memoryLimit/],
  [{ shardRows: -1 }, /shardRows/],
])("the options %j are refused", (options, message) => {
  expect(() => setDevice("wasm", options as never)).toThrow(message);
});
test("a name that there is not is refused with the one that was meant", () => {
  expect(() => setDevice("wams" as never)).toThrow(/Did you mean "wasm"\?/);
});

describe("the native device", () => {
  test("has no strict mode", () => {
    expect(() => setDevice("native", { strict: true })).toThrow(
      /strict: .*Use setDevice\("wasm", \{ strict: true \}\)/,
    );
    expect(currentDevice().name).toBe("reference"); // as before
  });
  test("is offered, or deviceInfo says why not", async () => {
    const { native } = await deviceInfo();
    if (native.available) setDevice("native");
    else {
      expect(() => setDevice("native")).toThrow(native.reason);
      expect(() => setDevice("native")).toThrow(native.fix);
    }
  });
});

describe("UNROLL_DEVICE is the device of auto", () => {
  beforeEach(() => setDevice("auto"));
  afterEach(() => vi.unstubAllEnvs());

  test.each([
    ["", "wasm"],
    ["auto", "wasm"],
    ["wasm", "wasm"],
    ["reference", "reference"],
  ])("%j: %s", async (value, name) => {
    vi.stubEnv("UNROLL_DEVICE", value);
    expect((await deviceInfo()).name).toBe(name);
    setDevice("auto", { threads: 1 });
    expect((await deviceInfo()).name).toBe(name);
    setDevice("wasm");
    expect((await deviceInfo()).name).toBe("wasm");
  });
  test("but not of auto with the same bits everywhere", async () => {
    vi.stubEnv("UNROLL_DEVICE", "reference");
    setDevice("auto", { strict: true });
    expect(await deviceInfo()).toMatchObject({ name: "wasm", mode: "strict" });
  });
  test("a name that there is not is an error that names the variable", () => {
    vi.stubEnv("UNROLL_DEVICE", "gpu");
    expect(() => currentDevice()).toThrow(/the variable UNROLL_DEVICE, name: expected "auto", .*got "gpu"/);
  });
});
