/**
 * The error of a step whose loss or gradient is not finite: which step, and the layer in which it began, found by
 * running the batch again with the output of every layer in sight.
 */
import type { Batch, Device } from "../../core/run/device.ts";
import { UnrollError } from "../../errors.ts";
import { allFinite } from "../float32.ts";
import { isLayer } from "../layers/layer.ts";
import { layerOfCall, type Network } from "../model/network.ts";
import { computationOf, inputsOf, trace } from "../model/trace.ts";
import type { Call, Symbolic } from "../symbols.ts";
import type { Program } from "./program.ts";

export interface Fault {
  readonly program: Program;
  readonly device: Device;
  readonly batch: Batch;
  /** Of the gradient of each weight, squared. */
  readonly norms: Float64Array;
  readonly lossIsGood: boolean;
  /** Steps made before this one. */
  readonly step: number;
}

export function faultOf(fault: Fault): UnrollError {
  return new UnrollError({
    where: `training step ${fault.step + 1}`,
    expected: "a finite loss and finite gradients",
    got: placeOf(fault),
    fix: `The weights are those after step ${fault.step}. ${lower}`,
  });
}

export const lower =
  "Lower the learning rate or set globalClipNorm, and look for values in the data that are too large.";

/** Throws the error of a training whose last step, which is `step`, left weights that are not finite. */
export function refuseInfinite(network: Network, step: number): void {
  const got = infiniteIn(network);
  if (got === null) return;
  throw new UnrollError({ where: `training step ${step}`, expected: "finite weights", got, fix: lower });
}

function infiniteIn({ variables }: Network): string | null {
  const weight = variables.find(({ value }) => !allFinite(value));
  return weight ? `numbers that are not finite in the weight "${weight.name}"` : null;
}

function placeOf(fault: Fault): string {
  const { program, norms, lossIsGood } = fault;
  const { network } = program;
  const weights = infiniteIn(network);
  if (weights !== null) return weights;
  if (lossIsGood) {
    // Backward, the last layer comes first.
    const last = norms.findLastIndex((norm, k) => program.trained[k] && !Number.isFinite(norm));
    const layer = network.layers.find(({ name }) => name === network.variables[last]?.layer);
    return `a gradient that is not finite, first in ${layer?.label ?? "the loss"}`;
  }
  const call = firstCall(fault);
  const place = call && isLayer(call.by) ? layerOfCall(network, call).label : `operator "${call?.by.base}"`;
  return call
    ? `an output that is not finite, first of ${place}`
    : "a loss that is not finite, from outputs that are";
}

/** The first call one of whose outputs is not finite. */
function firstCall({ program, device, batch }: Fault): Call | null {
  const { network, traced, options } = program;
  const symbols = symbolsOf(network);
  const outputs = symbols.map((symbol) => ({ name: "", symbol, time: null }));
  const all = trace({ ...network, outputs }, options);
  const nodes = all.outputs.map(({ node }) => node);
  const weights = network.variables.map(({ value }) => value);
  const inputs = batch.inputs.slice(0, inputsOf(traced).length);
  const values = device.compile(computationOf(all, nodes)).runNow({ ...batch, inputs }, weights);
  const calls = symbols.map(({ source }) => ("call" in source ? source.call : null));
  const bad = values.flatMap((value, k) =>
    allFinite(value) ? [] : [network.calls.indexOf(calls[k] as Call)],
  );
  return bad.length === 0 ? null : (network.calls[Math.min(...bad)] ?? null);
}

/** What the calls of a network made and somebody uses. */
function symbolsOf({ calls, outputs }: Network): readonly Symbolic[] {
  const used = [
    ...calls.flatMap(({ inputs, given }) => [...inputs, ...Object.values(given)]),
    ...outputs.map(({ symbol }) => symbol),
  ];
  return [...new Set(used)].filter(({ source, dtype }) => "call" in source && dtype === "float32");
}
