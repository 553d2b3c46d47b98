/**
 * Text generation as a task: from a text to what a character model is trained and measured with.
 *
 *   text  ->  training part | held-out part  ->  tokens  ->  contiguous streams
 */
import { UnrollError } from "../../errors.ts";
import { characterTokenizer, type Tokenizer } from "../data/characters.ts";
import { type Streams, splitByPosition, streamsOf } from "../data/streams.ts";

/** The fraction of a text, its end, that is not learned from. */
export const heldOut = 0.05;
/** More different characters than this, and the rarest become unknown ones. */
const maxVocabulary = 5000;

export interface CharacterData {
  readonly tokenizer: Tokenizer;
  readonly trainTokens: Int32Array;
  readonly train: Streams;
  /** The held-out part, in as many streams as it fills. */
  readonly validation: Streams;
  readonly validationTokens: Int32Array;
  readonly validationText: string;
}
export interface CharacterDataOptions {
  /** Streams read side by side: the rows of a batch. */
  readonly streams: number;
  /** Characters of a piece: the steps that a gradient goes back. */
  readonly steps: number;
  /** The name of the text in errors. */
  readonly where: string;
}

/** Throws when the text is too short for these streams and steps. */
export function characterData(text: string, { streams, steps, where }: CharacterDataOptions): CharacterData {
  const { train, validation } = splitByPosition(text, { validation: heldOut });
  const tokenizer = characterTokenizer(train, { maxVocabulary });
  const [learned, kept] = [tokenizer.encode(train), tokenizer.encode(validation)];
  const needed = streams * steps + 1;
  if (learned.length < needed || kept.length < 2) {
    const characters = Math.ceil(Math.max(needed, 2 / heldOut) / (1 - heldOut)) + 1;
    throw new UnrollError({
      where,
      expected: `at least ${characters} characters for ${streams} streams of ${steps}`,
      got: `${learned.length + kept.length}`,
      fix: "Give more text, or a smaller --batch and --seq.",
    });
  }
  return {
    tokenizer,
    trainTokens: learned,
    train: streamsOf(learned, { streams, steps }),
    validation: streamsOf(kept, {
      streams: Math.max(1, Math.min(streams, Math.floor(kept.length / steps / 4))),
    }),
    validationTokens: kept,
    validationText: validation,
  };
}

/** A loss in nats per character as bits per character. */
export function bitsPerCharacter(loss: number): number {
  return loss / Math.LN2;
}

/** The first words of a paragraph, up to `most` characters, as something to go on from. */
export function openingOf(text: string, most: number): string {
  const from = paragraphIn(text) ?? Math.max(text.search(/(?<=\s)\S/u), 0);
  const [line = ""] = text.slice(from, from + most).split("\n");
  const end = line.length < most ? line.length : line.search(/\S*$/u); // the last word may be cut
  return line.slice(0, end === 0 ? line.length : end);
}

/** Where the first line after an empty one begins. Each character is looked at once, however many lines are empty. */
function paragraphIn(text: string): number | undefined {
  for (const { 0: space, index } of text.matchAll(/\s+/gu)) {
    const end = index + space.length;
    if (space.endsWith("\n") && space.indexOf("\n") < space.length - 1 && end < text.length) return end;
  }
  return undefined;
}
