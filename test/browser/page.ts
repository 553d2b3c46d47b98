/** What runs in the page. */
import { remoteDevice } from "../../src/core/run/remoteDevice.ts";
import type { WasmOptions } from "../../src/core/run/wasmDevice.ts";
import { hashOf, trainLstm } from "./lstm.ts";
import { fitModel } from "./model.ts";

export interface Report {
  readonly hashes: Readonly<Record<string, string>>;
  readonly losses: readonly number[];
  readonly description: string;
  /** Milliseconds: of the whole, and the longest time in which the page could do nothing else. */
  readonly total: number;
  readonly longest: number;
}

export async function core(options: WasmOptions): Promise<Report> {
  const device = remoteDevice(options);
  const { result, ...times } = await watched(() => trainLstm(device));
  const { weights, losses, run, runNow } = result;
  const hashes = { weights: await hashOf(weights), run: await hashOf(run), runNow: await hashOf(runNow()) };
  return { ...times, hashes, losses, description: device.description };
}

export async function model(options: { readonly strict: boolean }): Promise<Report> {
  const { result, ...times } = await watched(() => fitModel(options));
  const { weights, losses, prediction, session } = result;
  const hashes = {
    weights: await hashOf(weights),
    prediction: await hashOf([prediction]),
    session: await hashOf(session),
  };
  return { ...times, hashes, losses, description: "" };
}

interface Watched<T> {
  readonly result: T;
  readonly total: number;
  readonly longest: number;
}

/** Runs something while a clock ticks. */
async function watched<T>(work: () => Promise<T>): Promise<Watched<T>> {
  const began = performance.now();
  let [last, longest] = [began, 0];
  const tick = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const clock = setInterval(tick, 1);
  const result = await work();
  tick();
  clearInterval(clock);
  return { result, total: performance.now() - began, longest };
}
