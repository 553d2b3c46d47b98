/**
 * What layers are fed while they are trained from targets (teacher forcing): at each step the target of the last step
 * before it that counts. At the first step this is zeros, or no class, -1.
 *
 *   targets   a b c d        fed   0 a b c        with b masked   0 a a c
 */
import type { HostArray } from "../../core/run/device.ts";
import { isLayer } from "../layers/layer.ts";
import { isRecurrence } from "../layers/recurrence.ts";
import { layerOfCall, type Network } from "../model/network.ts";
import { type Fed, isOutputOf, type Target, type Traced } from "../model/trace.ts";
import type { Call } from "../symbols.ts";
import type { Feed } from "./batches.ts";
import type { Goal } from "./objective.ts";
import { refuseUnless } from "./refuse.ts";

/** The targets of each output, for a trace. */
export const targetsOf = ({ outputs }: Network, goals: readonly Goal[]): readonly Target[] =>
  outputs.map((end, k) => ({ ...end, output: k, kind: kindOf(goals[k]?.loss.target) }));

/** Labels of a whole sequence are fed to nobody: refuseOtherTeachers. */
const kindOf = (target: Goal["loss"]["target"] = "values"): Target["kind"] =>
  target === "labels" ? "values" : target;

/** One array for each that is fed, `[rows, time, ...]`. `masks`: `[rows, time]` for each output; empty: none. */
export function fedOf(
  { fed }: Traced,
  feed: Feed,
  masks: readonly (Float32Array | null)[],
): readonly HostArray[] {
  return fed.map((one) => before(one, feed, masks));
}

function before(
  { target: { output, kind } }: Fed,
  feed: Feed,
  masks: readonly (Float32Array | null)[],
): HostArray {
  const target = feed.targets[output] as HostArray;
  const first = feed.targetsBefore[output];
  const mask = masks[output] ?? null;
  const time = feed.targetTimes[output] ?? 1;
  const steps = typeof time === "number" ? time : (feed.times[time] ?? 1);
  const size = target.length / (feed.rows * steps);
  const made = target.slice();
  for (let row = 0; row < feed.rows; row++) {
    let last = first ? first.subarray(row * size, (row + 1) * size) : null;
    for (let t = 0; t < steps; t++) {
      const at = (row * steps + t) * size;
      if (last === null) made.fill(kind === "class" ? -1 : 0, at, at + size);
      else made.set(last, at);
      if (mask?.[row * steps + t] !== 0) last = target.subarray(at, at + size);
    }
  }
  return made;
}

/** Throws an UnrollError where a layer that is trained from targets has none, or others than it gives. */
export function refuseOtherTeachers(network: Network, goals: readonly Goal[]): void {
  for (const call of network.calls) {
    if (!isLayer(call.by) || !isRecurrence(call.by) || call.by.settings.teacher === null) continue;
    refuseOtherTeacher(network, goals, call);
  }
}

function refuseOtherTeacher(network: Network, goals: readonly Goal[], call: Call): void {
  const where = layerOfCall(network, call).label;
  const k = network.outputs.findIndex(({ symbol }) => isOutputOf(call, symbol));
  refuseUnless(k >= 0, {
    where,
    expected: "the last layer of its model: it is fed the targets of the model's output while it is trained",
    got: "a layer whose output goes into others",
    fix: "Make it the last one (outputActivation is there for an activation), or set teacherForcing: false.",
  });
  refuseUnless(network.outputs[k]?.time !== null, {
    where,
    expected: "a target for every step, which it is fed while it is trained",
    got: "returnSequences: false",
    fix: "Leave returnSequences out, or set teacherForcing: false.",
  });
  refuseUnless(Object.keys(call.given).length === 0, {
    where,
    expected: "a layer that begins with zeros: at the first step there is no target to be fed",
    got: "a first state",
    fix: "Leave initialState out, or set teacherForcing: false.",
  });
  refuseUnless(goals[k]?.loss.target !== "labels", {
    where,
    expected: "a loss with a target for every step, which it is fed while it is trained",
    got: `"${goals[k]?.loss.loss}", whose targets are labels of the whole sequence`,
    fix: "Choose another loss, or set teacherForcing: false.",
  });
  const sameKind = "a loss whose targets are of the same kind as the outputs, since both are fed";
  refuseUnless(!("distribution" in (goals[k]?.loss ?? {})), {
    where,
    expected: sameKind,
    got: `"${goals[k]?.loss.loss}", whose outputs tell a distribution`,
    fix: "Choose another loss, or set teacherForcing: false.",
  });
  refuseUnless(goals[k]?.loss.options?.["fromLogits"] !== true, {
    where,
    expected: sameKind,
    got: "one from logits",
    fix: 'Set outputActivation: "softmax" (or "sigmoid") and leave fromLogits out, or set teacherForcing: false.',
  });
}
