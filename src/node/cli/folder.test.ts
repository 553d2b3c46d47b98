import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadModel } from "../../nn/models.ts";
import { characterTokenizer } from "../../work/data/characters.ts";
import { characterModel } from "../../work/tasks/characterModel.ts";
import {
  checkFolder,
  hashOf,
  readRecord,
  readTexts,
  readTokenizer,
  requireModel,
  type TrainingRecord,
  writeBeginning,
} from "./folder.ts";

let home = "";
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "unroll-folder-"));
});
afterAll(() => rm(home, { recursive: true }));

const record: TrainingRecord = {
  files: ["book.txt"],
  text: hashOf("call me"),
  settings: { units: 8, layers: 1, seq: 16, batch: 4, seed: 1, learningRate: 0.01, dropout: 0, steps: 20 },
};

describe("training.json", () => {
  test("what is written is read back", async () => {
    const tokenizer = characterTokenizer("call me");
    const model = characterModel({ ...record.settings, vocabulary: 7 });
    await writeBeginning(home, model, { tokenizer, record });
    expect(await readRecord(home)).toEqual(record);
    expect((await readTokenizer(home)).vocabulary).toEqual(tokenizer.vocabulary);
    expect((await loadModel(home)).getWeights()).toEqual(model.getWeights());
  });

  test.each(["{", "null", "{}", '{"files":["a"],"text":"x","settings":{"units":"many"}}'])(
    "%s is refused by name",
    async (content) => {
      await writeFile(join(home, "training.json"), content);
      await expect(readRecord(home)).rejects.toThrow(/training\.json.*: expected /);
    },
  );

  test.each([["units"], ["layers"]] as const)("%s beyond what the command line takes", async (name) => {
    const settings = { ...record.settings, [name]: 1e8 };
    await writeFile(join(home, "training.json"), JSON.stringify({ task: "generate", ...record, settings }));
    await expect(readRecord(home)).rejects.toThrow(`settings.${name}: expected a whole number from 1 to`);
  });

  test("without one there is nothing to resume", async () => {
    await expect(readRecord(join(home, "nowhere"))).rejects.toThrow(/got no such file\. Leave out --resume/);
  });
});

describe("files", () => {
  test("several are one text", async () => {
    const [a, b] = [join(home, "a.txt"), join(home, "b.txt")];
    await writeFile(a, "one\r\n");
    await writeFile(b, "two");
    expect(await readTexts([a, b])).toBe("one\n\ntwo");
  });

  test("errors name the file", async () => {
    await expect(readTexts([join(home, "none.txt")])).rejects.toThrow(
      /none\.txt: expected a text file, got no such file/,
    );
    await expect(readTexts([home])).rejects.toThrow(/got a folder/);
    await expect(readTokenizer(join(home, "nowhere"))).rejects.toThrow(
      /tokenizer\.json: expected the characters/,
    );
  });
});

describe("folders", () => {
  test("a model is not written among other files", async () => {
    const other = join(home, "other");
    await mkdir(other);
    await expect(checkFolder(other)).resolves.toBeUndefined();
    for (const left of ["config.json.12-0.tmp", "tokenizer.json.0123456789abcdef", "unroll-12-01234567.lock"])
      await writeFile(join(other, left), "of a process that was killed");
    await expect(checkFolder(other)).resolves.toBeUndefined();
    await writeFile(join(other, "notes.txt"), "mine");
    await expect(checkFolder(other)).rejects.toThrow(
      /--out .*other: expected .*, got a folder with other files/,
    );
    await writeFile(join(other, "config.json"), "{}");
    await expect(checkFolder(other)).resolves.toBeUndefined();
    await expect(checkFolder(join(other, "notes.txt"))).rejects.toThrow(/got a file\. Choose another path/);
  });

  test("a model is asked for where there is none", () => {
    expect(() => requireModel(join(home, "nowhere"))).toThrow(
      /got no such folder\. Check the path, or train one/,
    );
    expect(() => requireModel(tmpdir())).toThrow(/got one without config\.json/);
    expect(() => requireModel(join(home, "a.txt"))).toThrow(/got a file\. .* --out FOLDER$/);
    expect(() => requireModel(join(home, "a.txt", "b"))).toThrow(/got no such folder/);
  });
});
