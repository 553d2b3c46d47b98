/**
 * Calibration: which tiles and which lengths of chunks are the fastest with the engine and the processor at hand? The
 * candidates train on the same numbers in turn; what is not faster by a margin loses to what is there without it.
 * Results do not depend on the choice, which is remembered for devices that are made later.
 */
import { recall, remember } from "#native";
import { type Choice, candidatesFor, tuningOf } from "../plan/candidates.ts";
import { type Target, type Tuning, wasmTarget } from "../plan/target.ts";
import type { Device } from "./device.ts";
import { nativeDevice, nativeTargetHere } from "./nativeDevice.ts";
import { wasmDevice } from "./wasmDevice.ts";
import { descentRate, type Yardstick, yardstick } from "./yardstick.ts";

export interface Calibration {
  readonly device: "wasm" | "native";
  readonly mode: string;
  readonly measured: readonly Measured[];
  readonly chosen: Choice;
  /** How many times as fast as without a calibration. */
  readonly gain: number;
  /** Why it holds for this process only, or null where it is kept for the next ones. */
  readonly forgotten: string | null;
}
export interface Measured extends Choice {
  /** The median of training steps of a small network. */
  readonly milliseconds: number;
  /** The median of its ratios to the first of its round: above 1, it is slower. */
  readonly ratio: number;
  /** Share of the rounds in which it was faster than the first. */
  readonly faster: number;
}

type Calibrated = Pick<Device, "mode"> & { readonly name: Calibration["device"] };

/** What belongs to the devices that can be calibrated. */
const kinds: {
  readonly [N in Calibration["device"]]: {
    readonly target: () => Target;
    readonly make: (tuning: Tuning, mode: string) => Device;
  };
} = {
  wasm: {
    target: () => wasmTarget,
    make: (tuning, mode) => wasmDevice({ ...alone, tuning, strict: mode === "strict" }),
  },
  native: { target: nativeTargetHere, make: (tuning) => nativeDevice({ ...alone, tuning }) },
};
const alone = { threads: 1, memoryLimit: 2 ** 26 } as const;

/** At least so much faster, and in so many of the rounds, or things stay as they are. */
const margin = 1.03;
const often = 0.75;
const leastRounds = 11;
const mostRounds = 60;
/** For all candidates of a round together, at least. */
const milliseconds = 150;

export async function calibrateDevice({ name, mode }: Calibrated): Promise<Calibration> {
  const { target, make } = kinds[name];
  const here = target();
  const work = yardstick();
  const compare = (choices: readonly Choice[]): Promise<readonly Measured[]> =>
    measured(
      choices.map((choice) => ({ choice, device: make(tuningOf(choice, here) ?? here, mode) })),
      work,
    );
  const { tiles, chunks } = candidatesFor(here);
  const byTiles = await compare(tiles.map((one) => ({ tiles: one, chunk: chunks[0] ?? "" })));
  const first = fastest(byTiles);
  const byChunk = await compare(chunks.map((one) => ({ tiles: first.tiles, chunk: one })));
  const second = fastest(byChunk);
  const chosen: Choice = { tiles: second.tiles, chunk: second.chunk };
  return {
    device: name,
    mode,
    measured: [...byTiles, ...byChunk.slice(1)],
    chosen,
    gain: 1 / (first.ratio * second.ratio),
    forgotten: remember(keyOf({ name, mode }), JSON.stringify(chosen)),
  };
}

/** What a calibration on this machine has chosen for a device, or null. */
export function rememberedTuning(device: Pick<Device, "name" | "mode">): Tuning | null {
  const { name, mode } = device;
  if (name === "reference") return null;
  const text = recall(keyOf({ name, mode }));
  const choice = text === null ? null : choiceIn(text);
  return choice && tuningOf(choice, kinds[name].target());
}

const keyOf = ({ name, mode }: Calibrated): string => `${name}, ${mode}`;

/** What somebody else wrote is no choice. */
function choiceIn(text: string): Choice | null {
  try {
    const { tiles, chunk } = JSON.parse(text) as { readonly tiles?: unknown; readonly chunk?: unknown };
    return typeof tiles === "string" && typeof chunk === "string" ? { tiles, chunk } : null;
  } catch {
    return null;
  }
}

interface Side {
  readonly choice: Choice;
  readonly device: Device;
}

/** In turn, so that a disturbance of the machine hits all alike; the first two rounds only warm up. */
async function measured(sides: readonly Side[], work: Yardstick): Promise<readonly Measured[]> {
  const runs = sides.map(({ device }) => runOn(device, work));
  const rounds: (readonly number[])[] = [];
  for (let warmUp = 0; warmUp < 2; warmUp++) for (const { step } of runs) await step();
  const begun = performance.now();
  while (rounds.length < mostRounds) {
    if (rounds.length >= leastRounds && performance.now() - begun > milliseconds) break;
    const round: number[] = [];
    for (const { step } of runs) round.push(await timed(step));
    rounds.push(round);
  }
  for (const { release } of runs) release();
  return sides.map(({ choice }, k) => {
    const ratios = rounds.map((round) => (round[k] ?? 0) / (round[0] ?? 1));
    const faster = ratios.filter((ratio) => ratio < 1).length / ratios.length;
    return {
      ...choice,
      milliseconds: median(rounds.map((round) => round[k] ?? 0)),
      ratio: median(ratios),
      faster,
    };
  });
}

function runOn(
  device: Device,
  { computation, updates, weights, batch }: Yardstick,
): { readonly step: () => Promise<unknown>; readonly release: () => void } {
  const trainer = device.train(computation, updates);
  trainer.write(
    weights,
    weights.map(() => []),
  );
  const rates = weights.map(() => [descentRate]);
  return { step: () => trainer.step(batch, () => rates), release: () => trainer.release() };
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await run();
  return performance.now() - begun;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** Of those that are faster than the first, clearly, the fastest; else the first. */
export function fastest(all: readonly Measured[]): Measured {
  const [usual] = all as readonly [Measured, ...Measured[]];
  const better = all.filter(({ ratio, faster }) => ratio * margin <= 1 && faster >= often);
  return better.reduce((best, one) => (one.ratio < best.ratio ? one : best), usual);
}
