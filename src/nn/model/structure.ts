/** One thing, a list or a record of things: how a model's inputs and outputs, and the data for them, are given. */
import { UnrollError } from "../../errors.ts";

export interface Structure {
  readonly as: "one" | "list" | "record";
  /** One for each thing, in order. */
  readonly names: readonly string[];
}

/** `items` in the shape of `structure`. */
export function arranged<T>(
  { as, names }: Structure,
  items: readonly T[],
): T | readonly T[] | Readonly<Record<string, T>> {
  if (as === "one") return items[0] as T;
  return as === "list" ? items : Object.fromEntries(names.map((name, k) => [name, items[k] as T]));
}

/** What stands in `given` for each name, in order. Throws an UnrollError where something is missing or too much. */
export function listed({ as, names }: Structure, given: unknown, where: string): readonly unknown[] {
  if (as === "one") return [given];
  const fault = (expected: string, got: string): UnrollError =>
    new UnrollError({
      where,
      expected,
      got,
      fix: `Give ${names.join(", ")}, in the form the model was made with.`,
    });
  if (as === "list") {
    if (Array.isArray(given) && given.length === names.length) return given;
    throw fault(
      `an array of ${names.length}`,
      Array.isArray(given) ? `an array of ${given.length}` : typeof given,
    );
  }
  if (typeof given !== "object" || given === null)
    throw fault(`a record of ${names.join(", ")}`, typeof given);
  const record = given as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(record))
    if (!names.includes(name)) throw fault(names.join(", "), `"${name}"`);
  for (const name of names)
    if (!Object.hasOwn(record, name)) throw fault(`"${name}"`, "nothing under that name");
  return names.map((name) => record[name]);
}
