import { afterEach, expect, test } from "vitest";
import { currentDevice, deviceInfo, setDevice } from "./device.ts";

afterEach(() => {
  setDevice("reference");
});

test("the device chosen is the one in use, and one and the same", async () => {
  setDevice("reference");
  expect((await deviceInfo()).name).toBe("reference");
  expect(currentDevice()).toBe(currentDevice());
  setDevice("wasm", { threads: 1, strict: true });
  expect(await deviceInfo()).toMatchObject({ name: "wasm", description: expect.stringContaining("strict") });
});
test("a call may ask for another device", () => {
  setDevice("wasm", { threads: 1 });
  expect(currentDevice("reference").name).toBe("reference");
  expect(currentDevice("reference")).toBe(currentDevice("reference"));
  expect(currentDevice().name).toBe("wasm");
});
test.each([
  [{ thread: 2 }, /Did you mean "threads"\?/],
  [{ threads: 0 }, /threads: expected a whole number of 1 or more, got 0/],
  [{ threads: 1.5 }, /got 1\.5/],
  [{ threads: "two" }, /got "two"/],
  [{ memoryLimit: -1 }, /memoryLimit/],
  [{ shardRows: -1 }, /shardRows/],
])("the options %j are refused", (options, message) => {
  expect(() => setDevice("wasm", options as never)).toThrow(message);
});
test("a name that there is not is refused with the one that was meant", () => {
  expect(() => setDevice("wams" as never)).toThrow(/Did you mean "wasm"\?/);
  setDevice("native");
  expect(() => currentDevice()).toThrow(/setDevice\("wasm"\)/);
});
