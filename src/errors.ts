/**
 * The two ways this library fails: misuse, told in four facts (where, expected, got, fix), and a broken
 * promise of its own, which asks for a bug report.
 */

/** The four facts of an {@link UnrollError}. */
export interface ErrorFacts {
  /** The place, as the caller knows it: `layer "lstm_2"`, `model.fit(x, y)`, `book.txt, line 3`. */
  readonly where: string;
  /** What was expected there. */
  readonly expected: string;
  /** What came instead. */
  readonly got: string;
  /** What to do about it: one or more whole sentences. */
  readonly fix: string;
}

/** What came may come from anywhere, and be shown on a terminal: what steers one or turns its text shows as \uFFFD. */
const visible = (text: string): string =>
  text.replaceAll(/[^\P{Cc}\n\t]|[\p{Bidi_Control}\u2028\u2029]/gu, "\uFFFD");

/** Everything that this library throws on purpose. Its message is made of its four facts. */
export class UnrollError extends Error implements ErrorFacts {
  override readonly name: string = "UnrollError";
  readonly where: string;
  readonly expected: string;
  readonly got: string;
  readonly fix: string;

  constructor(facts: ErrorFacts, options?: ErrorOptions) {
    super(visible(`${facts.where}: expected ${facts.expected}, got ${facts.got}. ${facts.fix}`), options);
    this.where = visible(facts.where);
    this.expected = visible(facts.expected);
    this.got = visible(facts.got);
    this.fix = visible(facts.fix);
  }

  /** The same error seen from further out: its place becomes `context, where`; this error is its cause. */
  within(context: string): UnrollError {
    const { where, expected, got, fix } = this;
    return new UnrollError({ where: `${context}, ${where}`, expected, got, fix }, { cause: this });
  }
}

/** What `work` gives; an UnrollError of it is told from further out, unless it is already. */
export function inPlace<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof UnrollError && !error.where.startsWith(where) ? error.within(where) : error;
  }
}

/** Throws unless `condition` holds. For promises that this library makes to itself, never for misuse. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (condition) return;
  const request = "This is a bug in Unroll, not in your program. Please report it with this message";
  throw new Error(`${message}\n${request} and the code that led here.`);
}
