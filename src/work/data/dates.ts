/** Dates as people write them, and as ISO 8601 has them: data for translating, made from a seed. */
import { below, draws, type GeneratorOptions, pick } from "./draws.ts";

export interface Dates {
  /** "the 3rd of March 1997", "Mar 3, 1997", "3.3.1997" ... */
  readonly written: string[];
  /** "1997-03-03" */
  readonly iso: string[];
}

const months = [
  ..."January February March April May June".split(" "),
  ..."July August September October November December".split(" "),
];
/** In the proleptic Gregorian calendar, from 1900 up to 2099. */
const firstYear = 1900;
const years = 200;

type Form = (year: number, month: number, day: number) => string;
const nameOf = (month: number): string => months[month - 1] ?? "";
const forms: readonly Form[] = [
  (year, month, day) => `${day} ${nameOf(month)} ${year}`,
  (year, month, day) => `${nameOf(month)} ${day}, ${year}`,
  (year, month, day) => `${day} ${nameOf(month).slice(0, 3)} ${year}`,
  (year, month, day) => `${nameOf(month).slice(0, 3)} ${ordinal(day)}, ${year}`,
  (year, month, day) => `the ${ordinal(day)} of ${nameOf(month)} ${year}`,
  (year, month, day) => `${day}.${month}.${year}`,
];

/** `count` dates, each written in one of six forms. */
export function dates({ count, seed = 0 }: GeneratorOptions): Dates {
  const made = Array.from({ length: count }, (_, k) => {
    const draw = draws(seed, "dates", k);
    const year = firstYear + below(draw, years);
    const month = 1 + below(draw, 12);
    const day = 1 + below(draw, daysIn(year, month));
    const form = pick(draw, forms);
    return { written: form(year, month, day), iso: `${year}-${two(month)}-${two(day)}` };
  });
  return { written: made.map(({ written }) => written), iso: made.map(({ iso }) => iso) };
}

const two = (x: number): string => String(x).padStart(2, "0");
const daysIn = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

function ordinal(day: number): string {
  const ending = day > 3 && day < 21 ? undefined : { 1: "st", 2: "nd", 3: "rd" }[day % 10];
  return `${day}${ending ?? "th"}`;
}
