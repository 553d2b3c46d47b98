/**
 * A mask on its way from one network to another: `counting` makes a sequence of ones and zeros of it, `counted` makes
 * that a mask again.
 */
import { constant } from "../../core/graph/build.ts";
import { rows } from "../../core/graph/nodes.ts";
import { broadcast } from "../../core/graph/operators.ts";
import { makeLayer } from "../layers/call.ts";
import { configOf } from "../layers/config.ts";
import type { Facts } from "../layers/facts.ts";
import { sameForm } from "../layers/layer.ts";
import type { Symbolic } from "../symbols.ts";

/** `[time, 1]`: 1 where a step of `x` counts. */
export const counting = (x: Symbolic): Symbolic =>
  called(
    x,
    makeLayer<Facts>({
      base: "counting",
      className: "Counting",
      takes: ["sequence"],
      config: configOf("counting", {}),
      outputs: ([one]) => (one ? [{ ...one, name: "output", axes: [...one.axes.slice(0, 1), 1] }] : []),
      apply: ([one]) =>
        one && one.time !== null
          ? [{ ...one, node: one.mask ?? broadcast(constant(1), [one.time, rows, 1]), mask: null }]
          : [],
    }),
  );

/** `x` with the steps that count, where `counts` is 1. */
export const counted = (x: Symbolic, counts: Symbolic): Symbolic =>
  called(
    [x, counts],
    makeLayer<Facts>({
      base: "counted",
      className: "Counted",
      takes: ["sequence"],
      operands: { names: ["sequence", "counts"], least: 2, inStep: true },
      config: configOf("counted", {}),
      outputs: sameForm,
      apply: ([one, mask]) => (one && mask ? [{ ...one, mask: mask.node }] : []),
    }),
  );

/** A layer is such a function. */
const called = (x: unknown, layer: Facts): Symbolic => (layer as unknown as (x: unknown) => Symbolic)(x);
