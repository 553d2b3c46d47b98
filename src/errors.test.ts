import { describe, expect, test } from "vitest";
import { invariant, UnrollError } from "./errors.ts";

const facts = {
  where: 'layer 3 "lstm_2"',
  expected: "a sequence [batch, time, features]",
  got: 'a vector [batch, 32] from layer 2 "lstm_1"',
  fix: 'Set returnSequences: true on "lstm_1".',
};

describe("UnrollError", () => {
  test("is an Error that carries its four facts and a message made of them", () => {
    const error = new UnrollError(facts);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ ...facts, name: "UnrollError" });
    expect(error.message).toBe(
      'layer 3 "lstm_2": expected a sequence [batch, time, features], ' +
        'got a vector [batch, 32] from layer 2 "lstm_1". Set returnSequences: true on "lstm_1".',
    );
  });

  test("says nothing that a terminal would obey", () => {
    const error = new UnrollError({ ...facts, got: '"\u001b[2J\u009b1m\r"\n\tand more' });
    expect(error.got).toBe('"\uFFFD[2J\uFFFD1m\uFFFD"\n\tand more');
    expect(error.message).toContain(error.got);
  });

  test("turns no text around, and breaks no line but where it says so", () => {
    const steering = "\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";
    const { message, where } = new UnrollError({ ...facts, where: `"${steering}\u05d0\u200d"` });
    expect(where).toBe(`"${"\uFFFD".repeat(steering.length)}\u05d0\u200d"`);
    expect(message.startsWith(where)).toBe(true);
  });

  test("keeps a cause", () => {
    const cause = new Error("the disk is full");
    expect(new UnrollError(facts, { cause }).cause).toBe(cause);
  });

  test("within() puts the wider place in front and keeps the first error as its cause", () => {
    const inner = new UnrollError({ ...facts, where: "matmul" });
    const outer = inner.within('layer "lstm_2"').within("model.fit(x, y)");
    expect(outer).toBeInstanceOf(UnrollError);
    expect(outer.where).toBe('model.fit(x, y), layer "lstm_2", matmul');
    expect(outer.message).toContain('model.fit(x, y), layer "lstm_2", matmul: expected a sequence');
    expect(outer).toMatchObject({ expected: facts.expected, got: facts.got, fix: facts.fix });
    expect((outer.cause as UnrollError).cause).toBe(inner);
    expect(inner.where).toBe("matmul");
  });
});

describe("invariant", () => {
  test("lets every true value pass", () => {
    for (const value of [true, 1, "a", []]) expect(() => invariant(value, "no")).not.toThrow();
  });

  test("throws an Error that is no UnrollError and asks for a report", () => {
    const broken = (): void => invariant(0, "fuse: a stage has exactly one product");
    expect(broken).toThrow(/^fuse: a stage has exactly one product\n.*bug.*report/);
    expect(broken).not.toThrow(UnrollError);
  });
});
