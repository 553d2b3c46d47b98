/**
 * A computation that runs in the arena. A run that is held leaves its outputs there; what becomes of them:
 *
 *   read before the next run    each turned and copied when it is asked for, the others never
 *   read after it               all that were not read are made once more, by the same run with the same weights
 */
import { invariant } from "../../errors.ts";
import type { Computation } from "../graph/computation.ts";
import { ArenaProgram, type Phase } from "./arenaProgram.ts";
import type { Bound } from "./bindings.ts";
import type { Batch, Executable } from "./device.ts";
import type { Engine } from "./engine.ts";
import { readGradients, readOutput, readOutputs } from "./results.ts";

/** The memory of a program goes back when nobody can run it any more. */
const abandonedPrograms = new FinalizationRegistry<ArenaProgram>((program) => program.release());

/** Weights that are, or were, in the arena. */
interface Packed {
  readonly weights: readonly Float32Array[];
  readonly version: number | undefined;
  /** Whether a run is held that was made with them. */
  held: boolean;
  /** Copies, from when others took their place while a run was held. */
  saved: readonly Float32Array[] | null;
}

const phasesOf =
  (program: ArenaProgram) =>
  (bound: Bound): readonly Phase[] => [program.shardPhase(bound)];

export function arenaExecutable(computation: Computation, engine: Engine): Executable {
  const program = new ArenaProgram(computation, [], engine);
  const phases = phasesOf(program);
  let packed: Packed | null = null;

  function pack(next: Packed, weights: readonly Float32Array[]): void {
    if (packed?.held) packed.saved ??= program.readWeights();
    program.writeWeights(weights);
    program.pack();
    packed = next;
  }
  function packedFor({ version }: Batch, weights: readonly Float32Array[]): Packed {
    if (packed !== null && version !== undefined && packed.version === version && packed.weights === weights)
      return packed;
    const next: Packed = { weights, version, held: false, saved: null };
    pack(next, weights);
    return next;
  }
  function ran(batch: Batch, held: boolean): Bound {
    const bound = program.bind(batch, held);
    program.run(program.listsOf(bound, "run", phases));
    return bound;
  }
  const runNow: Executable["runNow"] = (batch, weights, into) => {
    packedFor(batch, weights);
    const bound = ran(batch, false);
    const outputs = readOutputs(program, bound, batch, into);
    return computation.gradients.length === 0
      ? outputs
      : [...outputs, ...readGradients(program, computation, bound)];
  };
  const hold: Executable["hold"] = async (batch, weights) => {
    const own = packedFor(batch, weights);
    own.held = true;
    const bound = ran(batch, true);
    const { turn } = bound;
    const found: (Float32Array | undefined)[] = computation.outputs.map(() => undefined);
    function again(): void {
      if (packed !== own) {
        invariant(own.saved !== null, "device: the weights of a run that is held are gone");
        pack(own, own.saved);
      }
      const next = ran(batch, true);
      for (let k = 0; k < found.length; k++) found[k] ??= readOutput(program, next, batch, k);
    }
    function output(index: number): Float32Array {
      if (found[index] === undefined && bound.turn !== turn) again();
      found[index] ??= readOutput(program, bound, batch, index);
      return found[index];
    }
    return { executable, output };
  };
  const executable: Executable = { runNow, run: async (batch, weights) => runNow(batch, weights), hold };
  abandonedPrograms.register(executable, program);
  return executable;
}
