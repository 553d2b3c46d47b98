/**
 * Does one thing often, `node leftovers.mjs THING DEVICE FOLDER`, and prints what the process has open before and after:
 * handles and timers, files, threads, listeners. It ends when nothing keeps it alive any more, never by itself.
 */
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import * as unroll from "../../dist/index.js";

const { dense, embedding, gru, input, jsonLogger, loadModel, modelCheckpoint, sequential } = unroll;
const [thing = "", device = "wasm", folder = ""] = process.argv.slice(2);
unroll.setDevice(device, device === "reference" ? {} : { threads: 3, shardRows: 4 });

const compiled = (...layers) => {
  const model = sequential(...layers);
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  return model;
};
const numbers = compiled(
  input({ shape: [null, 2] }),
  gru({ units: 4, returnSequences: true }),
  dense({ units: 1 }),
);
const words = sequential(
  embedding({ inputDim: 5, outputDim: 3 }),
  gru({ units: 4, returnSequences: true }),
  dense({ units: 5 }),
);
const x = Array.from({ length: 12 }, (_, row) => [
  [row, 1],
  [0, row / 2],
  [0.5, 0.25],
]);
const y = x.map((steps) => steps.map(([a, b]) => [(a ?? 0) * (b ?? 0)]));
const path = join(folder, "run");
const saving = {
  batchSize: 4,
  verbose: 0,
  checkpoint: { path, everySteps: 1 },
  callbacks: [
    modelCheckpoint({ path: join(folder, "best"), monitor: "loss" }),
    jsonLogger({ path: join(folder, "log") }),
  ],
};
const refused = async (work) => {
  const told = await work().then(
    () => null,
    (error) => error,
  );
  if (told === null) throw new Error("it was not refused");
};

const things = {
  "fit that ends": () => numbers.fit(x, y, saving),
  "fit that fails": () =>
    refused(() =>
      numbers.fit(x, y, { ...saving, callbacks: [{ onStepEnd: () => Promise.reject(new Error("no")) }] }),
    ),
  "fit that explodes": () => refused(() => numbers.fit(x, [[[Number.MAX_VALUE]], ...y.slice(1)], saving)),
  "fit that is interrupted": async () => {
    const controller = new AbortController();
    const stop = { onStepEnd: () => controller.abort() };
    await numbers.fit(x, y, { ...saving, callbacks: [stop], signal: controller.signal });
  },
  "fit whose folder somebody has": () =>
    numbers.fit(x, y, {
      ...saving,
      callbacks: [
        {
          onEpochBegin: () =>
            refused(() => compiled(input({ shape: [null, 2] }), dense({ units: 1 })).fit(x, y, saving)),
        },
      ],
    }),
  "fit that cannot save": () =>
    refused(() => numbers.fit(x, y, { ...saving, checkpoint: { path: join(process.execPath, "run") } })),
  "predict, evaluate, gradients": async () => {
    await numbers.predict(x);
    await numbers.evaluate(x, y);
    await numbers.gradients(x, y);
  },
  "save and load": async () => {
    await numbers.save(path);
    await (await loadModel(path)).predict(x);
    await refused(() => loadModel(join(folder, "nothing")));
  },
  sessions: async () => {
    const session = numbers.session({ batch: 2 });
    session.push([
      [1, 2],
      [3, 4],
    ]);
    session.fork().restore(session.snapshot());
    numbers.session().push([1, 2]);
  },
  "streams that nobody reads to the end": async () => {
    for await (const _ of words.stream({ prompt: [1], length: 50, seed: 1 })) break;
    await words.generate({ prompt: [1], length: 5, beam: 2 });
  },
};

let memoryLimit = 2 ** 26;
/** Six devices one after another, each with threads that work; four are kept for who changes to and fro. */
things.devices = async () => {
  for (let k = 0; k < 6; k++) {
    memoryLimit += 2 ** 16;
    unroll.setDevice("wasm", { threads: 3, shardRows: 4, memoryLimit });
    await compiled(input({ shape: [null, 2] }), gru({ units: 1, returnSequences: true })).fit(x, y, {
      verbose: 0,
    });
  }
};

/** How often each thing is open. */
function opened() {
  const counts = {};
  const count = (name) => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  for (const kind of process.getActiveResourcesInfo()) count(kind);
  for (const name of readdirSync("/proc/self/fd")) {
    try {
      count(`file ${readlinkSync(join("/proc/self/fd", name)).replace(/\d+/g, "N")}`);
    } catch {
      // the list of files itself
    }
  }
  for (const _ of readdirSync("/proc/self/task")) count("thread");
  for (const event of process.eventNames())
    counts[`listeners ${String(event)}`] = process.listenerCount(event);
  return counts;
}

const times = async (count) => {
  for (let k = 0; k < count; k++) await things[thing]();
};
/** What is being closed has its turn, until what is open is right: ten seconds, as the machine may be busy. */
async function openedUntil(right) {
  for (let k = 0; ; k++) {
    globalThis.gc?.();
    await setTimeout(20);
    const now = JSON.stringify(opened());
    if (k === 500 || right(now)) return now;
  }
}
/** The same five times. */
const settled = () => {
  const last = [];
  return openedUntil((now) => last.push(now) >= 5 && new Set(last.slice(-5)).size === 1);
};
await numbers.fit(x, y, { verbose: 0 }); // which all threads have a part in: they are loaded when it ends
await times(thing === "devices" ? 1 : 2);
const before = await settled();
await times(thing === "devices" ? 2 : 10);
console.log(`{"before":${before},"after":${await openedUntil((now) => now === before)}}`);
