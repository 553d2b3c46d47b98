/** What holds for every folder of examples/; that they run is a step of .ci/run each. */
import { existsSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { examplesOf, unknownExample } from "../scripts/example.ts";
import { parseSource, readSources } from "../scripts/source.ts";

const sources = readSources("examples");

describe("examples", () => {
  test("every folder has a main.ts that says what it is about", () => {
    const folders = readdirSync("examples");
    expect(examplesOf(sources).map(({ name }) => name)).toEqual(folders.sort());
    for (const { about } of examplesOf(sources)) expect(about).toMatch(/^[A-Z].{20,}\.$/);
    for (const folder of folders) expect(existsSync(`examples/${folder}/main.ts`)).toBe(true);
  });
  test.each(sources)("$path is short, and uses the library by its public name", ({ text, imports }) => {
    expect(text.split("\n").length).toBeLessThanOrEqual(101);
    expect(imports.map(({ specifier }) => specifier)).toContain("unroll-rnn");
    const others = imports.filter(({ target }) => target !== undefined && !target.startsWith("src/work/"));
    expect(others).toEqual([]);
  });
});

describe("npm run example", () => {
  test("knows an example by its folder, and takes the first sentence of its header", () => {
    const text = "/**\n * Waves: one after\n * the other. More.\n */\nexport const waves = 1;\n";
    const made = [parseSource("examples/waves/main.ts", text), parseSource("examples/waves/more.ts", text)];
    expect(examplesOf(made)).toEqual([{ name: "waves", about: "Waves: one after the other." }]);
  });
  test("an unknown name: the nearest, or all", () => {
    const known = [{ name: "waves", about: "" }];
    expect(unknownExample("wave", known)).toMatch(/no example "wave".*Did you mean "waves"/);
    expect(unknownExample("spectrogram", known)).toMatch(/There are: waves/);
  });
});
