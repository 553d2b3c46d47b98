/**
 * Text from outside: bytes that have to be UTF-8, told apart from what people give by mistake.
 *
 *   bytes of a file  ->  a string, its lines ended by "\n", without a byte order mark and without control characters
 */
import { type ErrorFacts, UnrollError } from "../../errors.ts";

/** The text in `bytes`; `where` names the file in errors. Throws when they are empty, binary or not UTF-8. */
export function decodeText(bytes: Uint8Array, where: string): string {
  const refuse = (got: string, fix: string): never => refused({ where, expected: "text in UTF-8", got, fix });
  if (bytes.length === 0) refuse("an empty file", "Give a file that holds text.");
  if (isUtf16(bytes)) refuse("UTF-16", "Save it as UTF-8, for example: iconv -f utf-16 -t utf-8 OLD > NEW.");
  const zero = bytes.indexOf(0);
  if (zero >= 0) refuse(`binary data (a zero at byte ${zero})`, "Give a plain text file.");
  const wrong = firstWrongByte(bytes);
  if (wrong !== undefined) {
    const got = `0x${bytes[wrong]?.toString(16).padStart(2, "0")} at byte ${wrong}`;
    refuse(got, "Save it as UTF-8, for example: iconv -f latin1 -t utf-8 OLD > NEW.");
  }
  const text = new TextDecoder().decode(bytes).replaceAll(/\r\n?|[\f\v\u0085\u2028\u2029]/g, "\n");
  const control = text.search(controls);
  if (control >= 0) {
    const code = text.charCodeAt(control).toString(16).padStart(2, "0");
    refuse(`binary data (control character 0x${code})`, "Give a plain text file.");
  }
  if (text.trim() === "") refuse("nothing but white space", "Give a file that holds text.");
  return text;
}

/** The text with every control character but tab and line end replaced, safe to print on a terminal. */
export function printable(text: string): string {
  return text.replaceAll(controls, "\uFFFD");
}

/** Control characters other than tab and line end. */
const controls = /[^\P{Cc}\n\t]/gu;

function refused(facts: ErrorFacts): never {
  throw new UnrollError(facts);
}

function isUtf16([first, second]: Uint8Array): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

/** Where the first character that is not UTF-8 begins, found by halving: a prefix is right or wrong for good. */
function firstWrongByte(bytes: Uint8Array): number | undefined {
  if (isUtf8(bytes, false)) return undefined;
  let [right, wrong] = [0, bytes.length + 1]; // lengths of prefixes; one beyond the end: cut off inside a character
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1;
    if (isUtf8(bytes.subarray(0, middle), true)) right = middle;
    else wrong = middle;
  }
  while (!isUtf8(bytes.subarray(0, right), false)) right--;
  return right;
}

function isUtf8(bytes: Uint8Array, mayGoOn: boolean): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: mayGoOn });
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false; // the decoder's way to say no
    throw error;
  }
}
