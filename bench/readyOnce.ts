/** One measurement of ready.ts: run as a process of its own, prints its milliseconds as JSON. */
import { wasmDevice } from "../src/core/run/wasmDevice.ts";
import { dense } from "../src/nn/layers/dense.ts";
import { embedding } from "../src/nn/layers/embedding.ts";
import { lstm } from "../src/nn/layers/recurrent.ts";
import { chainOf, sequentialNetwork } from "../src/nn/model/sequential.ts";
import type { Symbolic } from "../src/nn/symbols.ts";
import { compiled } from "../src/nn/train/compile.ts";
import { adam } from "../src/nn/train/optimizers.ts";
import { programOf } from "../src/nn/train/program.ts";
import { updateOf } from "../src/nn/train/update.ts";

export interface Facts {
  readonly made: number;
  readonly traced: number;
  readonly compiled: number;
  readonly ready: number;
}

const characters = 90;

function once(strict: boolean): Facts {
  const begun = performance.now();
  const network = networkNow();
  const made = performance.now();
  const program = programOf(
    network,
    compiled({ optimizer: adam(), loss: "sparseCategoricalCrossentropy" }, network),
    {
      training: true,
      gradients: true,
      states: "given",
      given: [{ counts: false, weights: false }],
    },
  );
  const traced = performance.now();
  const device = wasmDevice({ threads: 1, strict });
  device.train(
    program.objective.computation,
    network.variables.map(() => updateOf(program.compiled.optimizer, null)),
  );
  const ready = performance.now();
  return { made: made - begun, traced: traced - made, compiled: ready - traced, ready: ready - made };
}

function networkNow(): ReturnType<typeof sequentialNetwork> {
  const chain = chainOf([
    embedding({ inputDim: characters, outputDim: 64 }),
    lstm({ units: 256, returnSequences: true, stateful: true }),
    dense({ units: characters, activation: "softmax" }),
  ]);
  return sequentialNetwork(chain, chain.input as Symbolic, 1);
}

process.stdout.write(`${JSON.stringify(once(process.argv[2] === "strict"))}\n`);
