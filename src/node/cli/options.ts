/** Values of options, checked while the command line is read; what is wrong ends with exit code 2. */
import { InvalidArgumentError } from "commander";

/** A whole number of `least` or more, `most` at most. */
export function whole(least: number, most: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range = most < Number.MAX_SAFE_INTEGER ? `from ${least} to ${most}` : `of ${least} or more`;
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number ${range}.`);
  };
}

/** A number above 0, at most `most`. */
export function positive(most: number = Number.MAX_VALUE): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && value > 0 && value <= most) return value;
    throw new InvalidArgumentError(
      most === Number.MAX_VALUE ? "Give a number above 0." : `Give a number above 0, at most ${most}.`,
    );
  };
}

/** A number of 0 or more. */
export function fromZero(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Give a number of 0 or more.");
}

/** A number from 0 up to, not including, 1. */
export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value < 1) return value;
  throw new InvalidArgumentError("Give a number from 0 up to, not including, 1.");
}

/** A text of one character or more. */
export function someText(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("Give one character or more.");
}
