/** Weights by class, checked: of no class of an output there can be one. */
import type { Column } from "../model/data.ts";
import type { Network } from "../model/network.ts";
import { from0, spelt } from "../options.ts";
import type { Compiled } from "./compile.ts";
import { isOfPixels } from "./lossFor.ts";
import { refuseUnless } from "./refuse.ts";
import { type AnyLoss, ignoredBy } from "./sequenceLosses.ts";

/** Throws an UnrollError for a key that is no class of the outputs, and for what is no weight. */
export function weightsByClass(
  given: Readonly<Record<string, unknown>>,
  { network, compiled }: { readonly network: Network; readonly compiled: Compiled },
  targets: readonly Column[],
): ReadonlyMap<number, number> {
  const { outputs } = network;
  const pixels = outputs.find(isOfPixels);
  refuseUnless(pixels === undefined, {
    where: "classWeight",
    expected: "outputs that have a class a row or a step",
    got: `the output "${pixels?.name}", an image`,
    fix: "Leave classWeight out.",
  });
  const losses = compiled.goals.map(({ loss }) => loss);
  const count = Math.max(
    ...losses.map((loss, k) => classesOf(loss, outputs[k]?.symbol.axes.at(-1), targets[k]?.size)),
  );
  const any = count === Number.POSITIVE_INFINITY;
  const classes = any ? "whole numbers as keys" : `classes from 0 to ${count - 1}`;
  const fix = "Give each class its weight, by its number: { 0: 1, 1: 5 }.";
  const isClass = (k: number): boolean =>
    Number.isInteger(k) && (any || (k >= 0 && k < count) || losses.some((loss) => ignoredBy(loss) === k));
  for (const [key, weight] of Object.entries(given)) {
    const known = String(Number(key)) === key && isClass(Number(key));
    refuseUnless(known, { where: "classWeight", expected: classes, got: spelt(key), fix });
    const where = `classWeight, class ${key}`;
    refuseUnless(from0.holds(weight), { where, expected: from0.expected, got: spelt(weight), fix });
  }
  return new Map(Object.entries(given).map(([key, weight]) => [Number(key), weight as number]));
}

/** Values without classes are rounded to one: to any. */
function classesOf({ loss, target }: AnyLoss, width: number | null = 1, size = 1): number {
  if (target === "class") return width ?? 1;
  if (size > 1) return size;
  return loss === "binaryCrossentropy" ? 2 : Number.POSITIVE_INFINITY;
}
