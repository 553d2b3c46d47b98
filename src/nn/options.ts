/**
 * Options are checked when a layer is made: a misspelt name or a wrong value is refused, with what was probably meant.
 */
import { UnrollError } from "../errors.ts";
import { nearest } from "../spelling.ts";
import { heldIn32, lostIn32 } from "./float32.ts";

/** What a value has to be. */
export interface Check {
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
  /** For names: those there are. */
  readonly names?: readonly string[];
}
export type Checks = Readonly<Record<string, Check>>;

export const whole = (least: number, most: number = Number.MAX_SAFE_INTEGER): Check => ({
  expected:
    most < Number.MAX_SAFE_INTEGER
      ? `a whole number from ${least} to ${most}`
      : `a whole number of ${least} or more`,
  holds: (x) => Number.isInteger(x) && (x as number) >= least && (x as number) <= most,
});
/** What arithmetic of float32 is given. */
export const number: Check = { expected: "a number", holds: heldIn32 };
export const from0: Check = { expected: "a number of 0 or more", holds: (x) => heldIn32(x) && x >= 0 };
/** What arithmetic of float64 alone is given. */
export const double0: Check = { ...from0, holds: (x) => Number.isFinite(x) && (x as number) >= 0 };
export const above0: Check = { expected: "a number above 0", holds: (x) => heldIn32(x) && x > 0 };
export const orNull = ({ expected, holds }: Check): Check => ({
  expected: `${expected}, or null`,
  holds: (x) => x === null || holds(x),
});
/**
 * An object as `{}` makes them, in whatever realm, or one without a prototype: all that it says is its own. A Map says
 * nothing by name, and what is inherited is read as an option but not listed as one.
 */
export function isPlain(x: unknown): x is Readonly<Record<string, unknown>> {
  if (typeof x !== "object" || x === null) return false;
  try {
    const prototype = Object.getPrototypeOf(x) as object | null;
    if (prototype === null) return true;
    return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "hasOwnProperty");
  } catch {
    return false; // a Proxy may throw whatever it is asked
  }
}
export const record: Check = { expected: "a plain object", holds: isPlain };
/** What random numbers are made from. */
export const seedCheck: Check = {
  expected: "a whole number from 0 to 2^53 - 1",
  holds: (x) => Number.isSafeInteger(x) && (x as number) >= 0,
};
export const signalCheck: Check = { expected: "an AbortSignal", holds: (x) => x instanceof AbortSignal };
export const fraction: Check = {
  expected: "a number from 0 up to, not including, 1",
  holds: (x) => heldIn32(x) && x >= 0 && x < 1,
};
export const flag: Check = { expected: "true or false", holds: (x) => typeof x === "boolean" };
export const callable: Check = { expected: "a function", holds: (x) => typeof x === "function" };
export const text: Check = {
  expected: "a name: letters, digits, _ and -",
  holds: (x) => typeof x === "string" && /^[\w-]+$/.test(x),
};
export const oneOf = (...names: readonly string[]): Check => ({
  expected: names.map((name) => `"${name}"`).join(", "),
  holds: (x) => typeof x === "string" && names.includes(x),
  names,
});

/** What every layer understands. */
export const commonChecks: Checks = { name: text, trainable: flag };

/**
 * Throws an UnrollError unless `options` is a plain object with names of `checks` only, the required ones, and right
 * values.
 */
export function checkOptions(
  layer: string,
  options: unknown,
  checks: Checks,
  required: readonly string[] = [],
): void {
  const where = `${layer}(options)`;
  if (!isPlain(options)) {
    const example = required.length > 0 ? `${layer}({ ${required.join(", ")} })` : "{}, or nothing";
    const fix = `Give ${example}; { ...defaults, ...options } joins objects to a plain one.`;
    throw new UnrollError({ where, expected: "a plain object", got: spelt(options), fix });
  }
  for (const name of Object.getOwnPropertyNames(options)) {
    const value = options[name];
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) throw unknownOption(where, name, Object.keys(checks));
    if (value !== undefined && !check.holds(value)) throw wrongValue(where, name, value, check);
  }
  for (const name of required) {
    if (options[name] !== undefined) continue;
    throw new UnrollError({
      where,
      expected: `the option ${name}`,
      got: "none",
      fix: `Add ${name}: ${checks[name]?.expected}.`,
    });
  }
}

/** `usual`, each option with its value where none is given, and what is given. Throws as `checkOptions` does. */
export function completed<T extends object>(layer: string, given: object, usual: T, checks: Checks): T {
  const names = Object.keys(usual);
  checkOptions(
    layer,
    given,
    Object.fromEntries(Object.entries(checks).filter(([name]) => names.includes(name))),
  );
  return {
    ...usual,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

function unknownOption(where: string, name: string, names: readonly string[]): UnrollError {
  const near = nearest(name, names);
  const fix = near === undefined ? `There are ${names.join(", ") || "none"}.` : `Did you mean "${near}"?`;
  return new UnrollError({ where, expected: "an option that it knows", got: spelt(name), fix });
}

export function wrongValue(where: string, name: string, value: unknown, check: Check): UnrollError {
  const near = typeof value === "string" && check.names ? nearest(value, check.names) : undefined;
  const fix = near === undefined ? `Set ${name} to ${check.expected}.` : `Did you mean "${near}"?`;
  const got = `${spelt(value)}${lostIn32(value)}`;
  return new UnrollError({ where: `${where}, ${name}`, expected: check.expected, got, fix });
}

/** A value as errors show it, long texts cut short. Of every value, whatever it is. */
export function spelt(value: unknown): string {
  if (typeof value === "string") return `"${shortened(value)}"`;
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `the bigint ${shortened(String(value))}`;
  if (typeof value !== "object" || value === null) return shortened(String(value));
  try {
    return speltObject(value);
  } catch {
    return "an object that cannot be read";
  }
}

function speltObject(value: object): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value) && "length" in value) return `a typed array of ${value.length}`;
  if (isPlain(value)) return "an object";
  const { name } = Object.getPrototypeOf(value).constructor ?? {};
  return typeof name === "string" && name !== "" && name !== "Object"
    ? `an object of class ${shortened(name)}`
    : "an object with inherited properties";
}

export const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}...` : text);
