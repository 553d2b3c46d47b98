/** Which streams are meant: checked, so that what is done for them may take them as they are. */
import { UnrollError } from "../../errors.ts";
import { checkOptions, record, spelt } from "../options.ts";

export interface PushOptions {
  /** The streams that advance, in the order of their steps. */
  readonly rows?: ArrayLike<number>;
}

/** The rows of a push, or null for all. Throws an UnrollError for options that there are not. */
export function rowsIn(options: PushOptions | undefined): ArrayLike<number> | null {
  if (options === undefined) return null;
  if (!record.holds(options) || !onlyRows(options) || !(options.rows === undefined || isList(options.rows)))
    checkOptions("session.push", options, { rows: { expected: "an array of streams", holds: isList } });
  return options.rows ?? null;
}

function onlyRows(options: object): boolean {
  for (const name in options) if (name !== "rows") return false;
  return true;
}

export const isList = (x: unknown): x is ArrayLike<unknown> =>
  Array.isArray(x) || (ArrayBuffer.isView(x) && "length" in x);

/** Refuses a list of rows unless all are streams, each there once. Allocates nothing. */
export function rowsCheck(all: number): (rows: ArrayLike<number>) => void {
  /** The number of the last list that had it. */
  const seen = new Float64Array(all);
  let list = 0;
  return (rows) => {
    list++;
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k] as number;
      if (!isStream(row, all)) throw noStream(row, all, `session.push(xs, { rows }), rows[${k}]`);
      if (seen[row] === list) throw twice(row, k);
      seen[row] = list;
    }
  };
}

/** Throws an UnrollError unless `row` is a stream. */
export function refuseUnlessStream(row: unknown, all: number, where: string): void {
  if (!isStream(row, all)) throw noStream(row, all, where);
}

/** Throws an UnrollError unless `rows` is a list of streams, no longer than there are; one may stand there twice. */
export function refuseUnlessOrder(rows: unknown, all: number, where: string): void {
  if (!isList(rows) || rows.length > all) {
    throw new UnrollError({
      where,
      expected: `an array of streams, ${all} at most`,
      got: isList(rows) ? `one of ${rows.length}` : spelt(rows),
      fix: "Say for each stream whose state it goes on from: session.reorder([0, 0, 2]).",
    });
  }
  for (let k = 0; k < rows.length; k++) refuseUnlessStream(rows[k], all, `${where}, rows[${k}]`);
}

const isStream = (row: unknown, all: number): row is number =>
  typeof row === "number" && Number.isInteger(row) && row >= 0 && row < all;

const noStream = (row: unknown, all: number, where: string): UnrollError =>
  new UnrollError({
    where,
    expected: all === 1 ? "stream 0, the only one" : `a stream from 0 to ${all - 1}`,
    got: spelt(row),
    fix: "Streams are counted from 0; their number is that of model.session({ batch }).",
  });

const twice = (row: number, k: number): UnrollError =>
  new UnrollError({
    where: `session.push(xs, { rows }), rows[${k}]`,
    expected: "each stream once",
    got: `stream ${row} again`,
    fix: "Push its next step in a push of its own.",
  });
