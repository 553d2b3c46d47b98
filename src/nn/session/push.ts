/** A push: the steps are checked and written, the streams advance, and their outputs are there. */
import { UnrollError } from "../../errors.ts";
import type { Network } from "../model/network.ts";
import { arranged } from "../model/structure.ts";
import { spelt } from "../options.ts";
import type { Feeds } from "./feeds.ts";
import { isList, type PushOptions, rowsCheck, rowsIn } from "./rows.ts";
import type { Limit } from "./stepping.ts";
import { type Streams, widthOf } from "./streams.ts";

/** One output, or as many as the model has, in its structure; the next push overwrites them. */
export type Pushed = Float32Array | readonly Float32Array[] | Readonly<Record<string, Float32Array>>;

export interface Pushing {
  readonly network: Network;
  readonly rows: number;
  readonly feeds: Feeds;
  readonly streams: Streams;
  readonly limit: Limit | null;
}
export type Push = (x: unknown, options?: PushOptions) => Pushed | readonly Pushed[];

/** Takes the step of the only stream. */
export function pushOne({ network, feeds, streams, limit }: Pushing): Push {
  const pushed = pushedOf(network, streams, 0);
  return (x, options) => {
    if (options !== undefined) throw optionsForOne(options);
    feeds.write(x, 0, 0);
    if (limit !== null) refuseFull(limit, streams, 0);
    streams.advance();
    return pushed;
  };
}

/** Takes an array of steps, of all streams or of those in `rows`. */
export function pushMany({ network, rows: all, feeds, streams, limit }: Pushing): Push {
  const each = Array.from({ length: all }, (_, row) => pushedOf(network, streams, row));
  const some: Pushed[] = [];
  const refuseWrong = rowsCheck(all);
  return (xs, options) => {
    const rows = rowsIn(options);
    if (rows !== null) refuseWrong(rows);
    writeSteps(feeds, xs, rows, all);
    if (limit !== null)
      for (let k = 0; k < (rows?.length ?? all); k++) refuseFull(limit, streams, rows?.[k] ?? k);
    if (rows === null) {
      streams.advance();
      return each;
    }
    if (rows.length > 0) streams.advanceSome(rows);
    some.length = rows.length;
    for (let k = 0; k < rows.length; k++) some[k] = each[rows[k] as number] as Pushed;
    return some;
  };
}

/** Is there room for one more step of this stream? */
function refuseFull({ maxSteps, counter }: Limit, { states }: Streams, row: number): void {
  if ((states[counter]?.[row] ?? 0) < maxSteps) return;
  throw new UnrollError({
    where: `session.push(x), stream ${row}`,
    expected: `${maxSteps} steps at most: attention keeps every step it has seen`,
    got: "one more",
    fix: `Open the session with more room, model.session({ maxSteps: ${2 * maxSteps} }), or reset it.`,
  });
}

function writeSteps(feeds: Feeds, xs: unknown, rows: ArrayLike<number> | null, all: number): void {
  const count = rows?.length ?? all;
  if (!isList(xs) || xs.length !== count) throw otherNumber(xs, count, rows !== null);
  for (let k = 0; k < count; k++) feeds.write(xs[k], k, rows === null ? k : (rows[k] as number));
}

/** What a push returns for a stream: always the same arrays. */
function pushedOf({ outputs, outputsAs }: Network, streams: Streams, row: number): Pushed {
  const views = outputs.map((end, k) => {
    const width = widthOf(end);
    return (streams.outputs[k] as Float32Array).subarray(row * width, (row + 1) * width);
  });
  return arranged(outputsAs, views);
}

const otherNumber = (xs: unknown, count: number, some: boolean): UnrollError =>
  new UnrollError({
    where: some ? "session.push(xs, { rows })" : "session.push(xs)",
    expected: `an array of ${count} steps, one for each ${some ? "of the rows" : "stream"}`,
    got: spelt(xs),
    fix: some
      ? "Give as many steps as rows, in the same order."
      : "Give every stream a step, or say which ones advance: session.push(xs, { rows: [0, 2] }).",
  });

const optionsForOne = (options: unknown): UnrollError =>
  new UnrollError({
    where: "session.push(x)",
    expected: "no options: this session has one stream",
    got: spelt(options),
    fix: "Open a session of several streams: model.session({ batch: 8 }).",
  });
