/** Text of any length with a grammar and a word that comes again, for models of characters. */
import { log } from "../../core/run/math.ts";
import { type Draw, draws, pick } from "./draws.ts";

export interface TaleOptions {
  /** How many sentences. */
  readonly sentences: number;
  /** Default: 0. */
  readonly seed?: number;
}

const animals = ["whale", "raven", "fox", "otter", "heron", "badger", "lynx", "mouse"];
const deeds = ["finds", "leaves", "watches", "reaches", "remembers"];
const places = ["river", "forest", "harbour", "island", "field", "village"];
const ends = ["rests", "waits", "sings", "sleeps"];
const moods = ["old", "quiet", "hungry", "proud"];

/**
 * Sentences such as `the old fox finds the river, and the fox rests.` and `the heron sings, and the heron waits.` The
 * animal of the first half comes again in the second, so that only who remembers it can write that. Each ends with a
 * line end.
 */
export function tales({ sentences, seed = 0 }: TaleOptions): string {
  return Array.from({ length: sentences }, (_, k) => tale(draws(seed, "tales", k))).join("");
}

function tale(draw: Draw): string {
  const animal = pick(draw, animals);
  const mood = draw() < 0.5 ? `${pick(draw, moods)} ` : "";
  const does = draw() < 0.5 ? pick(draw, ends) : `${pick(draw, deeds)} the ${pick(draw, places)}`;
  return `the ${mood}${animal} ${does}, and the ${animal} ${pick(draw, ends)}.\n`;
}

const bits = (choices: number): number => log(choices) / Math.LN2;

/** Bits that a sentence takes on average where every choice is known: no model needs fewer. */
export const bitsPerTale: number =
  bits(animals.length * ends.length) +
  (1 + 0.5 * bits(moods.length)) +
  (1 + 0.5 * bits(ends.length * deeds.length * places.length));

const any = (words: readonly string[]): string => `(?:${words.join("|")})`;
const does = any([...ends, `${any(deeds)} the ${any(places)}`]);
const shape = new RegExp(`^the (?:${any(moods)} )?(${any(animals)}) ${does}, and the (.*) ${any(ends)}\\.$`);

/** Does a sentence keep to the grammar, and does its animal come again? */
export function isTale(sentence: string): boolean {
  const [, first, again] = shape.exec(sentence.trimEnd()) ?? [];
  return first !== undefined && again === first;
}
