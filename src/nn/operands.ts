/** What an operator is given: symbols, nodes of a step, or numbers. Checked before anything is made of it. */
import type { Node, Shape } from "../core/graph/nodes.ts";
import { sameShape } from "../core/graph/shapes.ts";
import { UnrollError } from "../errors.ts";
import { isFloat32, lostIn32 } from "./float32.ts";
import type { OperatorName } from "./operatorTable.ts";
import { spelt } from "./options.ts";
import { isSymbolic } from "./symbols.ts";

/** Operands that may not be numbers. */
const onlyValues: ReadonlySet<OperatorName> = new Set<OperatorName>(["matmul", "concat", "split"]);
type Counts = Readonly<Partial<Record<OperatorName, number>>>;
/** Operators whose last operands are settings: plain numbers. */
const settings: Counts = { clip: 2, split: 1 };
/** Operators of any number of operands. */
const many: ReadonlySet<OperatorName> = new Set<OperatorName>(["add", "mul", "maximum", "minimum", "concat"]);
/** How many the others take, with their settings; where nothing is said, one. */
const counts: Counts = { sub: 2, div: 2, greater: 2, matmul: 2, split: 2, where: 3, clip: 3 };

/** Throws an UnrollError that names the operator and the operand. */
export function checkOperands(name: OperatorName, operands: readonly unknown[]): void {
  const count = many.has(name) ? null : (counts[name] ?? 1);
  if (count === null ? operands.length === 0 : operands.length !== count) {
    const wanted = count === null ? "at least one operand" : `${count} operand${count === 1 ? "" : "s"}`;
    refuse(name, wanted, `${operands.length || "none"}`);
  }
  const values = operands.slice(0, operands.length - (settings[name] ?? 0));
  values.forEach((operand, k) => {
    const isNumber = isFloat32(operand) && !onlyValues.has(name);
    if (!isNumber && axesOf(operand) === null) {
      const wanted = onlyValues.has(name) ? "a symbol" : "a symbol or a finite number";
      refuse(name, `${wanted} as operand ${k + 1}`, `${spelt(operand)}${lostIn32(operand)}`);
    }
  });
  if (name === "split") checkParts(values[0], operands.at(-1));
  if (name === "clip") checkRange(operands);
}

function checkParts(x: unknown, parts: unknown): void {
  const width = Number(axesOf(x)?.at(-1) ?? Number.NaN);
  const whole = Number.isInteger(parts) && (parts as number) > 0;
  if (whole && (Number.isNaN(width) || width % (parts as number) === 0)) return;
  refuse("split", `a number of equal parts that ${width} features can be cut into`, spelt(parts));
}

/** Between layers they are saved with the model, as JSON, which knows no infinity. */
function checkRange([x, low, high]: readonly unknown[]): void {
  const fits = typeof low === "number" && typeof high === "number" && low <= high;
  const kept = !isSymbolic(x) || [low, high].every(isFloat32);
  if (!fits || !kept)
    refuse(
      "clip",
      `two ${kept ? "" : "finite "}numbers, the lower first`,
      `${spelt(low)} and ${spelt(high)}`,
    );
}

/** What a function of one's own made of nodes. Throws an UnrollError unless it is a node of this shape. */
export function nodeMade(where: string, shape: Shape, made: unknown): Node {
  const axes = axesOf(made);
  if (axes !== null && sameShape(axes as Shape, shape)) return made as Node; // no shape has the axes of a symbol
  const [wanted, got] = [shape, axes].map((all) => all && `[${all.join(", ")}]`);
  throw new UnrollError({
    where,
    expected: `a value made by operators, ${wanted}`,
    got: got ?? spelt(made),
    fix: "Use operators of the library, tanh(x) and not Math.tanh(x); mean and sum leave 1 of the last axis.",
  });
}

/** The axes of a symbol or a node; null for anything else. */
function axesOf(operand: unknown): readonly unknown[] | null {
  if (isSymbolic(operand)) return operand.axes;
  const { op, shape } = (operand ?? {}) as { readonly op?: unknown; readonly shape?: unknown };
  return typeof op === "string" && Array.isArray(shape) ? shape : null;
}

function refuse(name: OperatorName, expected: string, got: string): never {
  throw new UnrollError({
    where: `operator "${name}"`,
    expected,
    got,
    fix: "In a step use its arguments, weights and numbers; constants that are arrays can be weights of the cell.",
  });
}
