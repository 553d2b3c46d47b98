import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { checkOptions, completed, isPlain, spelt, whole } from "./options.ts";

const checks = { epochs: whole(0) };
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
class Settings {
  get epochs(): number {
    return -3;
  }
}

describe("options are one plain object", () => {
  test.each([
    ["a literal", { epochs: 1 }],
    ["one without a prototype", Object.assign(Object.create(null), { epochs: 1 })],
    ["one of another realm", runInNewContext("({ epochs: 1 })")],
  ])("%s", (_, options) => {
    expect(() => checkOptions("fit", options, checks, ["epochs"])).not.toThrow();
  });

  test.each([
    ["inherited ones", Object.create({ epochs: -3 }), "an object with inherited properties"],
    ["those of no prototype", Object.create(Object.create(null)), "an object with inherited properties"],
    ["getters of a class", new Settings(), "an object of class Settings"],
    ["a Map", new Map([["epochs", 1]]), "an object of class Map"],
    ["an ArrayBuffer", new ArrayBuffer(2), "an object of class ArrayBuffer"],
    ["a typed array", new Float32Array(2), "a typed array of 2"],
    ["a Proxy that is revoked", revoked(), "an object that cannot be read"],
  ])("%s are refused", (_, options, got) => {
    const message = `fit(options): expected a plain object, got ${got}. Give {}, or nothing`;
    expect(isPlain(options)).toBe(false);
    expect(() => checkOptions("fit", options, checks)).toThrow(message);
    expect(() => completed("fit", options, { epochs: 1 }, checks)).toThrow(message);
  });

  test("what is not listed is checked too", () => {
    const hidden = Object.defineProperty({}, "epochs", { value: -3 });
    expect(() => checkOptions("fit", hidden, checks)).toThrow(/epochs: expected a whole number/);
  });
});

test("every value can be spelt", () => {
  expect([Symbol("s"), 2n, Object.create(null), undefined].map(spelt)).toEqual([
    ...["Symbol(s)", "the bigint 2", "an object", "undefined"],
  ]);
});
