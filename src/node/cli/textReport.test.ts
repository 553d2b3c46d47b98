import { describe, expect, test } from "vitest";
import { programName, quoted } from "./invocation.ts";
import { cardOf, conclusion, interruption, type Result, sampleBlock } from "./textReport.ts";

const result: Result = {
  task: "generate",
  model: "runs/moby dick",
  files: ["books/moby.txt"],
  settings: { units: 8, layers: 1, seq: 16, batch: 4, seed: 1, learningRate: 0.01, dropout: 0, steps: 1200 },
  steps: 1200,
  seconds: 83.4,
  device: { name: "reference", description: "slow" },
  characters: { total: 1_190_317, validation: 59_515, vocabulary: 84 },
  training: { bitsPerCharacter: 2.05 },
  validation: { bitsPerCharacter: 2.1604 },
  baselines: { uniform: 6.392, unigram: 4.498, trigram: 2.897 },
  interrupted: false,
};

describe("conclusion", () => {
  const text = conclusion(result, { colour: false });
  test("the model stands beside what it has to beat", () => {
    expect(text).toContain("59,515 characters of the text it has not seen");
    expect(text).toMatch(/uniform +6\.392\n +unigram +4\.498\n +trigram +2\.897\n +this model +2\.160\n/);
    expect(text).toContain("1,200 steps in 1:23; saved in runs/moby dick");
  });

  test("the commands to try next can be pasted, and a pipe gets no control characters", () => {
    expect(text).toMatch(/generate 'runs\/moby dick' --prompt 'The ' --length 500\n/);
    expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  });

  test("green only where the trigram is beaten", () => {
    const worse = { ...result, validation: { bitsPerCharacter: 3 } };
    expect(conclusion(result, { colour: true })).toContain("\u001b[32m  this model");
    expect(conclusion(worse, { colour: true })).toContain("\u001b[33m  this model");
  });
});

test("a sample says when it was written, and cannot steer the terminal", () => {
  const block = sampleBlock({ step: 600, prompt: "The ", text: "whale\n\u001b[2J" }, 1200, { colour: false });
  expect(block).toBe("\nAfter 600 steps it writes\n  The whale\n  \uFFFD[2J\n\n");
});

test("an interruption says how to go on", () => {
  const { text, resume } = interruption({ folder: "m", step: 5, steps: 20 });
  expect(resume).toMatch(/main\.js train generate --out m --resume$/);
  expect(text).toBe(`Interrupted after 5 of 20 steps; saved in m\nGo on with: ${resume}\n`);
});

test("the card names the text, not where it lay", () => {
  const card = cardOf(result);
  expect(card).toContain("# A character model of `moby.txt`\n");
  expect(card).toContain("| this model | 2.160 |");
});

describe("how to call it again", () => {
  test("by its name where it is installed, else by its file", () => {
    expect(programName("/usr/lib/bin/unroll")).toBe("unroll");
    expect(programName("/home/me/app/node_modules/.bin/unroll")).toBe("npx unroll");
    expect(programName("/home/me/unroll/dist/node/cli/start.js")).toMatch(/^node .*main\.js$/);
  });

  test("arguments are quoted for a shell", () => {
    expect(["a/b-1.txt", "two words", "it's", "$HOME", ""].map(quoted)).toEqual([
      "a/b-1.txt",
      "'two words'",
      "'it'\\''s'",
      "'$HOME'",
      "''",
    ]);
  });
});
