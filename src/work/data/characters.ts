/**
 * Characters as tokens: a character is a code point, its token the place in a vocabulary.
 *
 *   "whale"  ->  vocabulary [unknown, "a", "e", "h", "l", "w"], tokens [5, 3, 1, 4, 2]
 */
import { UnrollError } from "../../errors.ts";
import { fieldsAt, jsonFrom, listAt, textAt } from "../../nn/model/fields.ts";

/** Text to tokens and back. */
export interface Tokenizer {
  /** The text of each token; token 0 stands for every character that is not in it. */
  readonly vocabulary: readonly string[];
  encode(text: string): Int32Array;
  decode(tokens: Iterable<number>): string;
}

/** What token 0 reads as. */
export const unknownCharacter = "\uFFFD";

export interface CharacterTokenizerOptions {
  /** At most so many tokens, the unknown one included: the most frequent characters stay. Default: no limit. */
  readonly maxVocabulary?: number;
}

/** The tokenizer of the characters in `text`, in the order of their code points. */
export function characterTokenizer(text: string, options: CharacterTokenizerOptions = {}): Tokenizer {
  const { maxVocabulary = Number.POSITIVE_INFINITY } = options;
  if (!(maxVocabulary >= 2)) {
    throw new UnrollError({
      where: "characterTokenizer",
      expected: "maxVocabulary of 2 or more",
      got: `${maxVocabulary}`,
      fix: "One token stands for unknown characters; leave room for others.",
    });
  }
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  counts.delete(unknownCharacter);
  const byFrequency = [...counts].sort(([a, m], [b, n]) => n - m || codeOf(a) - codeOf(b));
  const kept = byFrequency.slice(0, maxVocabulary - 1).map(([character]) => character);
  return tokenizerOf([unknownCharacter, ...kept.sort((a, b) => codeOf(a) - codeOf(b))]);
}

/** The tokenizer of a vocabulary, such as one that was stored; its first entry stands for unknown characters. */
export function tokenizerOf(vocabulary: readonly string[]): Tokenizer {
  const tokens = new Map(vocabulary.map((character, token) => [character, token]));
  const encode = (text: string): Int32Array => {
    const encoded = new Int32Array(text.length);
    let count = 0;
    for (const character of text) encoded[count++] = tokens.get(character) ?? 0;
    return encoded.slice(0, count);
  };
  const decode = (encoded: Iterable<number>): string =>
    Array.from(encoded, (token) => vocabulary[token] ?? unknownCharacter).join("");
  return { vocabulary, encode, decode };
}

/** The content of `tokenizer.json`. */
export function printTokenizer({ vocabulary }: Tokenizer): string {
  return `${JSON.stringify({ kind: "characters", vocabulary }, null, 1)}\n`;
}

/** The tokenizer in the content of a `tokenizer.json`; `where` names the file in errors. */
export function parseTokenizer(content: string, where: string): Tokenizer {
  const { kind, vocabulary } = fieldsAt(jsonFrom(content, where), where, ["kind", "vocabulary"]);
  textAt(kind, `${where}, kind`, ["characters"]);
  const characters = listAt(vocabulary, `${where}, vocabulary`, mostCharacters);
  if (characters.length > 1 && characters.every(isCharacter) && !isRepeating(characters))
    return tokenizerOf(characters);
  throw new UnrollError({
    where: `${where}, vocabulary`,
    expected: "two or more different characters",
    got: characters.length > 1 ? "entries that are repeated or not one character" : `${characters.length}`,
    fix: "Train the model again, or copy the file that its training wrote.",
  });
}

/** As many as Unicode has. */
const mostCharacters = 0x110000;
const isCharacter = (entry: unknown): entry is string =>
  typeof entry === "string" && entry.length <= 2 && [...entry].length === 1;
const isRepeating = (entries: readonly unknown[]): boolean => new Set(entries).size < entries.length;
const codeOf = (character: string): number => character.codePointAt(0) ?? 0;
