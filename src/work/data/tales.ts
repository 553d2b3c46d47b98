/** Text of any length with a grammar and words that come again, for models of characters. */
import { type Draw, draws, pick } from "./draws.ts";

export interface TaleOptions {
  /** How many sentences. */
  readonly sentences: number;
  /** Default: 0. */
  readonly seed?: number;
}

const animals = ["whale", "raven", "fox", "otter", "heron", "badger", "lynx", "weasel"];
const deeds = ["follows", "fears", "finds", "greets", "leaves"];
const moods = ["old", "quiet", "hungry", "proud"];

/**
 * Sentences such as `the old fox finds the heron, and the heron greets the fox.` The second half exchanges the animals
 * of the first, so that only who remembers both can write it. Each ends with a line end.
 */
export function tales({ sentences, seed = 0 }: TaleOptions): string {
  return Array.from({ length: sentences }, (_, k) => tale(draws(seed, "tales", k))).join("");
}

function tale(draw: Draw): string {
  const [one, other] = [pick(draw, animals), pick(draw, animals)];
  const mood = draw() < 0.5 ? `${pick(draw, moods)} ` : "";
  const [deed, answer] = [pick(draw, deeds), pick(draw, deeds)];
  return `the ${mood}${one} ${deed} the ${other}, and the ${other} ${answer} the ${one}.\n`;
}

/** Does a sentence keep to the grammar, and do its animals come again in exchanged places? */
export function isTale(sentence: string): boolean {
  const [, one = "", other = "", ...again] = shape.exec(sentence.trimEnd()) ?? [];
  return animals.includes(one) && again[0] === other && again[1] === one;
}

const any = (words: readonly string[]): string => `(?:${words.join("|")})`;
const animal = `(${animals.join("|")})`;
const shape = new RegExp(
  `^the (?:${any(moods)} )?${animal} ${any(deeds)} the ${animal}, and the ${animal} ${any(deeds)} the ${animal}\\.$`,
);

/** Bits that a sentence takes on average where every choice is known: no model needs fewer. */
export const bitsPerTale: number =
  Math.log2(animals.length ** 2 * deeds.length ** 2) + 1 + 0.5 * Math.log2(moods.length);
