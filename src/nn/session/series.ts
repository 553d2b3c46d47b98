/** What a forecast is told and begins with, checked: the series so far, what is known ahead, and how a step is made. */
import type { Device } from "../../core/run/device.ts";
import { keyOf } from "../../core/run/random.ts";
import { UnrollError } from "../../errors.ts";
import { atOnce } from "../breath.ts";
import { type Distribution, drawsFrom } from "../distributions/distribution.ts";
import { boundFor } from "../model/bounds.ts";
import { type Column, columnOf, columnsOf } from "../model/data.ts";
import { headOf } from "../model/head.ts";
import type { Network } from "../model/network.ts";
import type { Ragged } from "../model/ragged.ts";
import type { Nested, Tensor } from "../model/tensor.ts";
import { type Checks, checkOptions, flag, seedCheck, signalCheck, whole } from "../options.ts";
import { described } from "../symbols.ts";
import { openSession, type StepSession } from "./session.ts";
import { widthOf } from "./streams.ts";

export interface ForecastOptions {
  /** How many steps to make. */
  readonly steps: number;
  /**
   * `[batch, steps, features]`: inputs that are known ahead, the last features of a step of the input, behind those
   * that the model gives. Needed where the input has more features than the model gives.
   */
  readonly future?: Tensor | Ragged | Nested | undefined;
  /** Draw every step from the distribution that the output tells. Default: false, its mean. */
  readonly sample?: boolean | undefined;
  /** The same seed draws the same. Default: the seed that the model was built with. */
  readonly seed?: number | undefined;
  /** Ends early, with the steps made so far. */
  readonly signal?: AbortSignal | undefined;
}

const checks: Checks = {
  steps: whole(0),
  future: { expected: "[batch, steps, features]", holds: (x) => typeof x === "object" && x !== null },
  sample: flag,
  seed: seedCheck,
  signal: signalCheck,
};

/** One step of a row, from the output of the model. */
type Next = (output: Float32Array, row: number) => ArrayLike<number>;
export interface Series {
  readonly session: StepSession;
  /** What is known. */
  readonly past: Column;
  readonly future: Column | null;
  readonly rows: number;
  /** Features of a step that is made. */
  readonly width: number;
  readonly next: Next;
  readonly options: ForecastOptions;
}
interface Asking {
  readonly x: unknown;
  readonly options: ForecastOptions;
  readonly method: string;
}

/** Everything checked, and the weights as they are now. */
export function seriesOf(network: Network, device: Device, { x, options, method }: Asking): Series {
  checkOptions(method, options, checks, ["steps"]);
  const where = `${method}(x, options)`;
  const head = headOfSeries(network, where);
  const [past] = atOnce(columnsOf(network, x, `${method}(x)`)) as [Column];
  const { rows } = past;
  const longest = past.lengths.reduce((most, length) => Math.max(most, length), 0);
  const session = openSession(network, device, {
    where,
    batch: rows,
    maxSteps: boundFor(longest + options.steps),
  });
  const empty = past.lengths.indexOf(0);
  if (empty >= 0) {
    throw new UnrollError({
      where: `${method}(x), row ${empty}`,
      expected: "at least one step to go on from",
      got: "none",
      fix: "Leave the row out.",
    });
  }
  const width = head?.units ?? outputWidth(network);
  const future = futureOf(options, { known: past.size - width, rows, where });
  const next = nextOf(head, { ...options, seed: options.seed ?? network.seed }, where);
  return { session, past, future, rows, width, next, options };
}

const outputWidth = ({ outputs: [output] }: Network): number => (output ? widthOf(output) : 0);

/** The distribution of the output, if it tells one. Throws an UnrollError unless the output can be a next input. */
function headOfSeries(network: Network, where: string): Distribution | null {
  const { inputs, outputs, inputsAs, outputsAs } = network;
  const [input, output] = [inputs[0], outputs[0]];
  const single = inputsAs.as === "one" && outputsAs.as === "one";
  const features = input?.symbol.axes ?? [];
  if (!single || !input || !output || features.length !== 2 || input.symbol.dtype !== "float32") {
    throw new UnrollError({
      where,
      expected: "a model of one input, a sequence of numbers, and one output",
      got: single && input ? `one that takes ${described(input.symbol)}` : "several inputs or outputs",
      fix: "Begin with input({ shape: [null, features] }); model.generate makes tokens.",
    });
  }
  const head = headOf(output);
  const flat = output.symbol.axes.length === (output.time === null ? 1 : 2);
  const width = head?.units ?? widthOf(output);
  if (flat && width <= (features[1] ?? 0)) return head;
  throw new UnrollError({
    where,
    expected: `at most the ${features[1]} features of the input from the last layer`,
    got: head ? `${width} units` : described(output.symbol),
    fix: `End the model with ${head?.kind ?? "dense"}({ units: ${features[1]} }).`,
  });
}

function futureOf(
  { future, steps }: ForecastOptions,
  { known, rows, where }: { readonly known: number; readonly rows: number; readonly where: string },
): Column | null {
  if (known === 0 && future === undefined) return null;
  const place = `${where}, future`;
  const wanted = `[${rows}, ${steps}, ${known}]`;
  if (known === 0 || future === undefined) {
    throw new UnrollError({
      where: place,
      expected: known === 0 ? "none: the model gives all features of its input" : wanted,
      got: known === 0 ? "some" : "none",
      fix: known === 0 ? "Leave it out." : "Give the features of the input that the model does not give.",
    });
  }
  const column = columnOf(
    future,
    { axes: [steps, known], dtype: "float32", time: null, expand: true },
    place,
  );
  if (column.rows === rows) return column;
  const fix = "Give as many rows as x has.";
  throw new UnrollError({ where: place, expected: wanted, got: `${column.rows} rows`, fix });
}

function nextOf(
  head: Distribution | null,
  { sample = false, seed }: { readonly sample?: boolean | undefined; readonly seed: number },
  where: string,
): Next {
  if (!sample) return head === null ? (output) => output : (output) => head.moments(output).mean;
  if (head === null) {
    throw new UnrollError({
      where: `${where}, sample`,
      expected: "a model whose last layer tells a distribution",
      got: "one that gives numbers",
      fix: "End it with gaussian({ units }), gaussianMixture or quantiles, or leave out sample.",
    });
  }
  const draws = new Map<number, ReturnType<typeof drawsFrom>>();
  return (output, row) => {
    const own = draws.get(row) ?? drawsFrom(keyOf(seed, "forecast", row));
    draws.set(row, own);
    return head.sample(output, own);
  };
}
