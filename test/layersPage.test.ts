/** The table of docs/layers.md has a row for every layer, and each row leads to a page that tells of it. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { layerNames } from "../src/nn/layers/registry.ts";

const pageAt = (name: string): string => readFileSync(new URL(`../docs/${name}`, import.meta.url), "utf8");
const rows = pageAt("layers.md")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").map((cell) => cell.trim()));
/** The names in front of the options: "`sru({ units })`, `lru({ units })`" has two. */
const namesIn = (cell = ""): string[] => [...cell.matchAll(/`(\w+)\(/g)].map(([, name]) => name ?? "");

describe("docs/layers.md", () => {
  test("has every layer once, and no other", () => {
    const listed = rows.flatMap(([, layer]) => namesIn(layer));
    expect(listed.sort()).toEqual([...layerNames, "input"].sort());
  });
  test.each(rows.map((row) => [row[1] ?? "", row] as const))("%s: shapes, and a page", (_, row) => {
    const [, layer, from, to, streams, link = ""] = row;
    const names = namesIn(layer);
    expect(row).toHaveLength(7);
    if (!names.includes("input")) {
      expect(from).not.toBe("");
      expect(streams).toMatch(/^(yes|yes, inside `timeDistributed`|no|with `.*)$/);
    }
    expect(to).not.toBe("");
    const [, file = "", anchor] = link.match(/\]\(([\w-]+\.md)(?:#([\w-]+))?\)$/) ?? [];
    expect(existsSync(new URL(`../docs/${file}`, import.meta.url)), link).toBe(true);
    const text = pageAt(file);
    const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, "")
        .replaceAll(" ", "-"),
    );
    if (anchor !== undefined) expect(anchors).toContain(anchor);
    for (const name of names) expect(text, `${file} tells of ${name}`).toMatch(new RegExp(`\\b${name}\\b`));
  });
});
