import { describe, expect, test } from "vitest";
import { clock, drawnLine, grouped, meter, type Progress, plainLine, progressOn } from "./progress.ts";
import { styled, type Terminal, terminalOn } from "./terminal.ts";

const half: Progress = {
  step: 700,
  steps: 1400,
  bitsPerCharacter: 2.4126,
  speed: 41_249.6,
  secondsLeft: 71.7,
};

describe("terminalOn", () => {
  const at = (isTTY: boolean, environment: Record<string, string>): Pick<Terminal, "live" | "colour"> => {
    const { live, colour } = terminalOn({ isTTY, write: () => true }, environment);
    return { live, colour };
  };
  test.each([
    ["a terminal", true, {}, { live: true, colour: true }],
    ["a pipe", false, {}, { live: false, colour: false }],
    ["NO_COLOR", true, { NO_COLOR: "1" }, { live: true, colour: false }],
    ["an empty NO_COLOR", true, { NO_COLOR: "" }, { live: true, colour: true }],
    ["CI", true, { CI: "true" }, { live: false, colour: false }],
    ["CI that is off", true, { CI: "false" }, { live: true, colour: true }],
    ["a dumb terminal", true, { TERM: "dumb" }, { live: false, colour: false }],
  ])("%s", (_, isTTY, environment, expected) => {
    expect(at(isTTY, environment)).toEqual(expected);
  });
});

test("clock and grouped", () => {
  expect([0, 9.6, 75, 3725, Number.NaN].map(clock)).toEqual(["0:00", "0:10", "1:15", "1:02:05", "0:00"]);
  expect([7, 999, 1000, 1_234_567].map(grouped)).toEqual(["7", "999", "1,000", "1,234,567"]);
});

test("the line of a pipe", () => {
  expect(plainLine(half)).toBe(
    "step 700 of 1400, 2.413 bits per character, 41,250 characters a second, 1:12 left",
  );
});

describe("the line of a terminal", () => {
  test("half the bar is full at half of the steps", () => {
    const line = drawnLine(half, { columns: 80, colour: false });
    expect(line).toMatch(/^(█+)(░+) {2} 700\/1400 {2}2\.413 bits\/char {2}41,250 chars\/s {2}1:12 left$/);
    const [, full, empty] = /^(█+)(░+)/.exec(line) ?? [];
    expect(full?.length).toBe(empty?.length);
  });

  test.each([20, 40, 50, 80, 200])("it stays inside %i columns", (columns) => {
    expect(drawnLine(half, { columns, colour: false }).length).toBeLessThan(columns);
  });

  test("colours only where there are some", () => {
    expect(drawnLine(half, { columns: 80, colour: false })).not.toContain("\u001b");
    expect(drawnLine(half, { columns: 80, colour: true })).toContain("\u001b[32m█");
    expect(styled({ colour: false }, "bold", "x")).toBe("x");
  });
});

describe("progressOn", () => {
  const run = (live: boolean, seconds: number): string => {
    let [written, time] = ["", 0];
    const write = (text: string): void => {
      written += text;
    };
    const display = progressOn({ write, live, colour: false, columns: 80 }, () => time);
    for (let step = 1; step <= 1000; step++) {
      time = (1000 * seconds * step) / 1000;
      display.update({ ...half, step, steps: 1000 });
    }
    display.clear();
    return written;
  };

  test("a pipe gets a line every ten seconds and the last, without control characters", () => {
    const written = run(false, 35);
    expect(written.match(/step \d+/g)).toEqual(["step 286", "step 572", "step 858", "step 1000"]);
    expect(written).not.toMatch(/[^\P{Cc}\n]/u);
  });

  test("a terminal gets one line, drawn at most ten times a second and taken away at the end", () => {
    const written = run(true, 2);
    expect(written).not.toContain("\n");
    expect(written.split("\r").length).toBeLessThan(25);
    expect(written.endsWith("\r\u001b[K")).toBe(true);
  });
});

test("meter: the loss is the mean of the first steps, the speed that of all but the first", () => {
  let time = 5000;
  const measure = meter({ from: 100, steps: 200, charactersPerStep: 2048, now: () => time });
  time += 2000;
  expect(measure(101, 6)).toMatchObject({ bitsPerCharacter: 6, speed: 1024, secondsLeft: 198 });
  time += 500;
  expect(measure(102, 4)).toMatchObject({ bitsPerCharacter: 5, speed: 4096, secondsLeft: 49 });
  time += 500;
  expect(measure(103, 2)).toMatchObject({ bitsPerCharacter: 4, speed: 4096, secondsLeft: 48.5 });
});
