/** The records of back-propagation through time as text. */

import { type Tensor, tensorOf } from "../model/tensor.ts";
import { checkOptions, whole } from "../options.ts";
import type { BackpropagationStep, StepDelta, StepGradient } from "./backpropagationStep.ts";
import type { LectureNames } from "./lecture.ts";

export interface TextOptions {
  /** Digits of each number that count, up to 100. Default: 4. */
  readonly digits?: number;
  /** Numbers shown of each axis; of longer ones the first, and how many there are. Default: 6. */
  readonly most?: number;
}
interface Told {
  readonly records: readonly BackpropagationStep[];
  readonly loss: number;
  readonly lecture: LectureNames | null;
}

export function textOf({ records, loss, lecture }: Told, options: TextOptions): string {
  checkOptions("toText", options, { digits: whole(1, 100), most: whole(1) });
  const plain = lecture?.plain ? lecture : null;
  const show = (tensor: Tensor): string => shown(tensor, options);
  const steps = records.map(({ t, deltas, gradients }) => {
    const isLast = t === records[0]?.t;
    return [
      `t = ${t}`,
      ...deltas.flatMap((one) =>
        plain ? lectureLine(one, { t, isLast, show, lecture: plain }) : [layerLine(one, t, show)],
      ),
      ...gradients.flatMap((one) => gradientLine(one, t, show, plain)),
    ].join("\n  ");
  });
  const heading = [
    `Back-propagation through time, t = ${records[0]?.t ?? 0} ... 1`,
    ...(plain ? [stepOf(Object.values(plain.weights))] : []),
    `L = ${number(loss, options.digits)}`,
  ];
  return [heading.join("\n"), ...steps].join("\n\n");
}

/** A bias stands in the equations where there is one. */
function stepOf(letters: readonly string[]): string {
  const [b, c] = ["b", "c"].map((letter) => (letters.includes(letter) ? ` + ${letter}` : ""));
  return `a_t = x_t U + h_t-1 W${b}    h_t = f(a_t)    o_t = h_t V${c}`;
}

interface Line {
  readonly t: number;
  readonly isLast: boolean;
  readonly show: (tensor: Tensor) => string;
  readonly lecture: LectureNames;
}

/** The equations of the lectures: of o, h and a; other values in the way of the layers. */
function lectureLine(one: StepDelta, { t, isLast, show, lecture }: Line): readonly string[] {
  const { symbol, fromOutput, fromNext, delta } = one;
  if (one.layer === lecture.dense && one.name === "output") return [];
  if (symbol === "o") return [`delta o_${t} = dL/do_${t} = ${show(delta)}`];
  if (symbol === "h" && fromNext) {
    if (isLast) return [`delta h_${t} = delta o_${t} V' = ${show(delta)}`];
    const terms = `${show(fromOutput)} + ${show(fromNext)} = ${show(delta)}`;
    return [`delta h_${t} = delta o_${t} V' + delta a_${t + 1} W' = ${terms}`];
  }
  if (symbol === "a") return [`delta a_${t} = delta h_${t} f'(a_${t}) = ${show(delta)}`];
  return [layerLine(one, t, show)];
}

function layerLine(
  { symbol, fromOutput, fromNext, delta }: StepDelta,
  t: number,
  show: Line["show"],
): string {
  if (fromNext === null) return `delta ${symbol} = ${show(delta)}`;
  return `delta ${symbol} = from the output ${show(fromOutput)} + from t = ${t + 1} ${show(fromNext)} = ${show(delta)}`;
}

const equations: Readonly<Record<string, (t: number) => string>> = {
  U: (t) => `x_${t}' delta a_${t}`,
  W: (t) => `h_${t - 1}' delta a_${t}`,
  b: (t) => `delta a_${t}`,
  V: (t) => `h_${t}' delta o_${t}`,
  c: (t) => `delta o_${t}`,
};

/** Of a weight that this step adds nothing to, nothing is said. */
function gradientLine(
  { symbol, term, sum }: StepGradient,
  t: number,
  show: Line["show"],
  lecture: LectureNames | null,
): readonly string[] {
  if (term.data.every((value) => value === 0)) return [];
  const equation = lecture ? equations[symbol]?.(t) : undefined;
  return [
    `d${lecture ? symbol : ` ${symbol}`} += ${equation ? `${equation} = ` : ""}${show(term)}, so far ${show(sum)}`,
  ];
}

function shown({ shape, data }: Tensor, options: TextOptions): string {
  const { most = 6, digits } = options;
  const [length, ...inner] = shape;
  if (length === undefined) return number(data[0] ?? 0, digits);
  const size = inner.reduce((product, axis) => product * axis, 1);
  const parts = Array.from({ length: Math.min(length, most) }, (_, k) =>
    shown(tensorOf(inner, data.subarray(k * size, (k + 1) * size)), options),
  );
  return `[${parts.join(" ")}${length > most ? ` ... ${length} in all` : ""}]`;
}

function number(value: number, digits = 4): string {
  return String(Number(value.toPrecision(digits)));
}
