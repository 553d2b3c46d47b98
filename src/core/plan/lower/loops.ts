/**
 * A loop over time, as the driver calls its stages:
 *
 *   for each chunk   where a segment begins: save the states
 *                    before;  for each step: step;  after
 *
 * A loop for which others are run again goes by segments, from the last to the first; where every step is kept there is
 * one, and nothing is done again:
 *
 *   for each segment   but in the last one: restore the states;  for each chunk of the other loop: its stages
 *                      for each chunk ...
 */
import type { Loop } from "../place.ts";
import type { Expression } from "../program.ts";
import { chunkKey, segmentKey, stepsKey } from "./frame.ts";
import {
  call,
  int,
  less,
  local,
  minimum,
  minus,
  plus,
  quotient,
  remainder,
  times,
  type Writer,
} from "./ir.ts";
import type { Kernels } from "./kernels.ts";
import { isAlive } from "./skip.ts";

/** Functions, by the phase in which they are called. */
export interface Phases {
  readonly before: readonly string[];
  readonly step: readonly string[];
  readonly after: readonly string[];
}
export interface LoopNames extends Phases {
  /** Asks whether steps have anything to do, if that can be asked. */
  readonly alive: string | null;
  /** Saves the states at a step, if the loop may be run again. */
  readonly save: string | null;
  /** What is run again for this loop, and what puts the states back. */
  readonly again: readonly (Phases & { readonly restore: string })[];
}
interface Steps {
  readonly from: Expression;
  readonly to: Expression;
}
interface Run {
  readonly kernels: Kernels;
  readonly writer: Writer;
  readonly reverse: boolean;
  readonly names: LoopNames;
  /** Steps of the loop, and of a chunk. */
  readonly steps: Expression;
  readonly chunk: Expression;
}

export function callAll(writer: Writer, names: readonly string[], inputs: readonly Expression[]): void {
  for (const name of names) writer.push(call(name, local("frame"), ...inputs));
}

export function runLoop(kernels: Kernels, writer: Writer, { time, reverse }: Loop, names: LoopNames): void {
  if (names.before.length + names.step.length + names.after.length === 0) return;
  const steps = kernels.frame.read(writer, stepsKey(time));
  const chunk = kernels.frame.read(writer, chunkKey);
  const run: Run = { kernels, writer, reverse, names, steps, chunk };
  if (names.again.length > 0) return runSegments(run);
  runChunks(
    run,
    int(0),
    writer.once(`chunks ${time}`, () => partsOf(steps, chunk)),
  );
}

/** How many parts of this size hold all steps. */
const partsOf = (steps: Expression, size: Expression): Expression =>
  quotient(minus(plus(steps, size), int(1)), size);

/** The steps of a part. */
function stepsIn({ writer, steps }: Run, index: Expression, size: Expression): Steps {
  const from = writer.set(times(index, size), "int");
  return { from, to: writer.set(minimum(plus(from, size), steps), "int") };
}

function runChunks(run: Run, first: Expression, until: Expression): void {
  const { kernels, writer, reverse, names, chunk } = run;
  const runChunk = (index: Expression): void => {
    const steps = stepsIn(run, index, chunk);
    if (names.save !== null) saveStates(run, names.save, steps);
    callAll(writer, names.before, [steps.from, steps.to]);
    whenAlive(kernels, writer, names.alive, steps, () => runSteps(writer, names, reverse, steps));
  };
  if (reverse) writer.loop(minus(until, int(1)), first, -1, runChunk);
  else writer.loop(first, until, 1, runChunk);
}

function runSteps(writer: Writer, { step, after }: Phases, reverse: boolean, { from, to }: Steps): void {
  if (step.length > 0) {
    const [first, until, by] = reverse ? ([minus(to, int(1)), from, -1] as const) : ([from, to, 1] as const);
    writer.loop(first, until, by, (index) => callAll(writer, step, [index]));
  }
  callAll(writer, after, [from, to]);
}

function whenAlive(
  { frame }: Kernels,
  writer: Writer,
  alive: string | null,
  { from, to }: Steps,
  body: () => void,
): void {
  if (alive === null) return body();
  callAll(writer, [alive], [from, to]);
  writer.when(isAlive(frame), body);
}

/** Where there are several segments and one begins. */
function saveStates({ kernels, writer, steps }: Run, save: string, { from }: Steps): void {
  const segment = kernels.frame.read(writer, segmentKey);
  const begun: Expression = {
    kind: "intOperation",
    op: "equal",
    inputs: [remainder(from, segment), int(0)],
  };
  writer.when(less(segment, steps), () => writer.when(begun, () => callAll(writer, [save], [from])));
}

function runSegments(run: Run): void {
  const { kernels, writer, names, steps, chunk } = run;
  const segment = kernels.frame.read(writer, segmentKey);
  writer.loop(minus(partsOf(steps, segment), int(1)), int(0), -1, (index) => {
    const own = stepsIn(run, index, segment);
    const first = writer.set(quotient(own.from, chunk), "int");
    const until = writer.set(partsOf(own.to, chunk), "int");
    // What comes before the steps reads what others have made, whether or not the steps have anything to do.
    const alive = names.before.length === 0 ? names.alive : null;
    whenAlive(kernels, writer, alive, own, () => {
      // The last segment is there still.
      writer.when(less(own.to, steps), () => runAgain(run, own, first, until));
      runChunks(run, first, until);
    });
  });
}

function runAgain(run: Run, { from }: Steps, first: Expression, until: Expression): void {
  const { writer, names, chunk } = run;
  for (const { restore, ...phases } of names.again) {
    callAll(writer, [restore], [from]);
    writer.loop(first, until, 1, (index) => {
      const steps = stepsIn(run, index, chunk);
      callAll(writer, phases.before, [steps.from, steps.to]);
      runSteps(writer, phases, false, steps);
    });
  }
}
