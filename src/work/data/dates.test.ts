import { expect, test } from "vitest";
import { dates } from "./dates.ts";

test("dates are written in six forms, and mean what ISO 8601 says", () => {
  const { written, iso } = dates({ count: 2000, seed: 1 });
  const forms = new Map<string, number>();
  written.forEach((text, k) => {
    const [year, month, day] = (iso[k] ?? "").split("-").map(Number) as [number, number, number];
    const date = new Date(Date.UTC(year, month - 1, day));
    expect(date.toISOString().slice(0, 10)).toBe(iso[k]); // a day that there is
    expect(text).toContain(String(year));
    expect(text).toMatch(new RegExp(`(^|\\D)${day}(\\D|$)`));
    const name = date.toLocaleString("en", { month: "long", timeZone: "UTC" });
    expect(text.includes(name.slice(0, 3)) || text === `${day}.${month}.${year}`).toBe(true);
    const form = text
      .replace(name, "Month")
      .replace(name.slice(0, 3), "Mon")
      .replaceAll(/\d+(st|nd|rd)/g, "1th")
      .replaceAll(/\d+/g, "1");
    forms.set(form, (forms.get(form) ?? 0) + 1);
  });
  // May is as long as its first three letters.
  expect([...forms.keys()].sort()).toEqual(
    [
      "1 Mon 1",
      "1 Month 1",
      "1.1.1",
      "Mon 1th, 1",
      "Month 1, 1",
      "Month 1th, 1",
      "the 1th of Month 1",
    ].sort(),
  );
});

test("ordinals", () => {
  const { written } = dates({ count: 3000, seed: 2 });
  const found = new Set(written.flatMap((text) => /\d+(st|nd|rd|th)/.exec(text)?.[0] ?? []));
  const wanted = Array.from({ length: 31 }, (_, k) => {
    const last = k + 1 === 11 || k + 1 === 12 || k + 1 === 13 ? 0 : (k + 1) % 10;
    return `${k + 1}${["th", "st", "nd", "rd"][last] ?? "th"}`;
  });
  expect([...found].sort()).toEqual(wanted.sort());
});

test("the same seed, the same dates", () => {
  expect(dates({ count: 5, seed: 3 })).toEqual(dates({ count: 5, seed: 3 }));
  expect(dates({ count: 5, seed: 3 })).not.toEqual(dates({ count: 5, seed: 4 }));
});
