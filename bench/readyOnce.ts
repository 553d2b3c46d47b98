/** One measurement of ready.ts: run as a process of its own, prints its milliseconds as JSON. */
import { networkOf } from "../src/nn/model/network.ts";
import { compiled } from "../src/nn/train/compile.ts";
import { sparseCategoricalCrossentropy } from "../src/nn/train/losses.ts";
import { adam } from "../src/nn/train/optimizers.ts";
import { programOf } from "../src/nn/train/program.ts";
import { updateOf } from "../src/nn/train/update.ts";
import { characterModel } from "../src/work/tasks/characterModel.ts";
import { devices } from "./devices.ts";

export interface Facts {
  readonly made: number;
  readonly traced: number;
  readonly compiled: number;
  readonly ready: number;
}

/** As in `npm start`. */
const book = { vocabulary: 84, units: 192, layers: 1, dropout: 0, learningRate: 0.012, steps: 8000 };

async function once(name: string, strict: boolean): Promise<Facts> {
  const device = devices.find((one) => one.name === name)?.make({ threads: 1, strict });
  if (device === undefined) throw new Error(`There is no device "${name}".`);
  const begun = performance.now();
  const network = networkOf(characterModel(book));
  const made = performance.now();
  const goal = {
    optimizer: adam({ globalClipNorm: 1 }),
    loss: sparseCategoricalCrossentropy({ fromLogits: true }),
  };
  const program = await programOf(network, compiled(goal, network), {
    training: true,
    gradients: true,
    states: "given",
    given: [{ counts: false, weights: false }],
    bounds: {},
  });
  const traced = performance.now();
  device.train(
    program.objective.computation,
    network.variables.map(() => updateOf(program.compiled.optimizer, null)),
  );
  const ready = performance.now();
  return { made: made - begun, traced: traced - made, compiled: ready - traced, ready: ready - made };
}

process.stdout.write(`${JSON.stringify(await once(process.argv[2] ?? "", process.argv[3] === "strict"))}\n`);
