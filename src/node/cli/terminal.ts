/**
 * Where a command writes: a terminal may have colours and a line that is drawn again and again, a pipe may not.
 */
import { styleText } from "node:util";

export interface Terminal {
  readonly write: (text: string) => void;
  /** May a line be drawn again? */
  readonly live: boolean;
  readonly colour: boolean;
  /** Characters in a line. */
  readonly columns: number;
}

/** What of a stream this file uses. */
export interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}
type Environment = Readonly<Record<string, string | undefined>>;

/** The terminal, or pipe, behind a stream. `NO_COLOR` takes colours away, `CI` and a dumb terminal drawing too. */
export function terminalOn(stream: Stream, environment: Environment = process.env): Terminal {
  const plain = isSet(environment["CI"]) || environment["TERM"] === "dumb";
  const live = stream.isTTY === true && !plain;
  const colour = live && (environment["NO_COLOR"] ?? "") === "";
  return { write: (text) => stream.write(text), live, colour, columns: stream.columns || 80 };
}

export type Style = "bold" | "dim" | "green" | "yellow";

/** The text in a style where the terminal has colours, else as it is. */
export function styled({ colour }: Pick<Terminal, "colour">, style: Style, text: string): string {
  return colour ? styleText(style, text, { validateStream: false }) : text;
}

const isSet = (value: string | undefined): boolean =>
  value !== undefined && value !== "" && value !== "0" && value !== "false";
