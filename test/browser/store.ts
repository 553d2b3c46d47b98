/** Trainings that save to a folder of the browser's store: `begin` returns while its training goes on. */
import { dense, input, sequential, setDevice } from "unroll-rnn";

const path = "runs/a";

/** After its first checkpoint, or with the error that refuses it. */
export async function begin(): Promise<string> {
  return new Promise((resolve) => {
    train(1_000_000, (epoch) => (epoch > 0 ? resolve("trains") : undefined)).catch((error) =>
      resolve(String(error)),
    );
  });
}

/** The epoch that a training begins with, which goes on for three. */
export async function goOn(): Promise<number> {
  let first = -1;
  await train(1_000_000, (epoch, stop) => {
    if (first < 0) first = epoch;
    else if (epoch === first + 3) stop();
  });
  return first;
}

/** What a model that is not trained there says when it is saved there. */
export async function saveOther(): Promise<string> {
  const other = sequential(input({ shape: [2] }), dense({ units: 1 }));
  return other.save(path).then(() => "saved", String);
}

async function train(epochs: number, watch: (epoch: number, stop: () => void) => void): Promise<void> {
  setDevice("wasm", { threads: 1 });
  const model = sequential(input({ shape: [2] }), dense({ units: 1 }));
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  const callbacks = [
    { onEpochBegin: ({ epoch, stop }: { epoch: number; stop: () => void }) => watch(epoch, stop) },
  ];
  await model.fit([[1, 2]], [[1]], { epochs, callbacks, checkpoint: { path }, resume: true, verbose: 0 });
}
