/**
 * A program as text, for people: UNROLL_DEBUG=program, tests and committed plans.
 *
 *   export product(int x, int w, int y) {
 *     for (n = 0; n < 128; n += 4) {
 *       vector acc = multiplyAdd(splat[x + 16], vector[w + n], acc)
 *       vector[(y + n) + 16] = max(acc, vector(0))
 *     }
 *   }
 *
 * `vector[a]`, `integers`, `int[a]` and `splat[a]` read or write the memory at byte a; `first[a]` is lane 0 alone.
 */
import type {
  Expression,
  ExpressionOf,
  IntegersOperator,
  IntOperator,
  Program,
  ProgramFunction,
  Statement,
  StatementOf,
  VectorOperator,
} from "../plan/program.ts";

/** Every function of the program, in order. */
export function printProgram(program: Program): string {
  const parts = [[`lanes ${program.lanes}`], ...program.functions.map(printFunction)];
  return `${parts.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function printFunction({ name, parameters, body, exported }: ProgramFunction): readonly string[] {
  const typed = parameters.map((parameter) => `int ${parameter}`).join(", ");
  return [`${exported ? "export" : "function"} ${name}(${typed}) {`, ...inner(body), "}"];
}

type PrintStatement<K extends Statement["kind"]> = (statement: StatementOf<K>) => readonly string[];

const statements: { readonly [K in Statement["kind"]]: PrintStatement<K> } = {
  set: ({ name, type, value }) => [`${type} ${name} = ${bare(value)}`],
  store: (store) => [`${place("vector", store)} = ${bare(store.value)}`],
  storeFirst: (store) => [`${place("first", store)} = ${bare(store.value)}`],
  storeInt: (store) => [`${place("int", store)} = ${bare(store.value)}`],
  for: ({ name, from, until, step, body }) => {
    const test = `${name} ${step > 0 ? "<" : ">="} ${bare(until)}`;
    const move = `${name} ${step > 0 ? "+=" : "-="} ${Math.abs(step)}`;
    return [`for (${name} = ${bare(from)}; ${test}; ${move}) {`, ...inner(body), "}"];
  },
  if: ({ condition, then, otherwise }) => [
    `if (${bare(condition)}) {`,
    ...inner(then),
    ...(otherwise ? ["} else {", ...inner(otherwise)] : []),
    "}",
  ],
  prefetch: (at) => [place("prefetch", at)],
  fill: ({ address, bytes }) => [call("fill", [address, bytes])],
  call: ({ name, inputs }) => [call(name, inputs)],
};

function printStatement<K extends Statement["kind"]>(kind: K, statement: StatementOf<K>): readonly string[] {
  return statements[kind](statement);
}

function inner(body: readonly Statement[]): readonly string[] {
  return body.flatMap((statement) => printStatement(statement.kind, statement)).map((line) => `  ${line}`);
}

type PrintExpression<K extends Expression["kind"]> = (expression: ExpressionOf<K>) => string;

const expressions: { readonly [K in Expression["kind"]]: PrintExpression<K> } = {
  int: ({ value }) => number(value),
  local: ({ name }) => name,
  intOperation: ({ op, inputs }) => operation(intSymbols[op], inputs),
  loadInt: (load) => place("int", load),
  constant: ({ value }) => `vector(${number(value)})`,
  integer: ({ value }) => `integers(${number(value)})`,
  laneIndex: () => "laneIndex",
  spread: ({ value }) => call("spread", [value]),
  load: (load) => place("vector", load),
  splat: (load) => place("splat", load),
  splatInteger: (load) => place("splatInteger", load),
  vector: ({ op, inputs }) => operation(vectorSymbols[op], inputs),
  integers: ({ op, inputs }) => operation(integersSymbols[op], inputs),
  shift: ({ op, by, value }) => `(${text(value)} ${shiftSymbols[op]} ${by})`,
  acrossLanes: ({ op, value }) => call(`${op}AcrossLanes`, [value]),
  anyTrue: ({ value }) => call("anyTrue", [value]),
};

function printKind<K extends Expression["kind"]>(kind: K, expression: ExpressionOf<K>): string {
  return expressions[kind](expression);
}

/** Words are printed as calls, signs between their inputs. */
const intSymbols: { readonly [K in IntOperator]: string } = {
  add: "+",
  subtract: "-",
  multiply: "*",
  divide: "/",
  remainder: "%",
  minimum: "minimum",
  and: "&",
  shiftLeft: "<<",
  less: "<",
  lessEqual: "<=",
  equal: "==",
  notEqual: "!=",
};

const vectorSymbols: { readonly [K in VectorOperator]: string } = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  min: "min",
  max: "max",
  neg: "neg",
  abs: "abs",
  sqrt: "sqrt",
  floor: "floor",
  multiplyAdd: "multiplyAdd",
  float: "float",
  toFloat: "toFloat",
  select: "select",
};

const integersSymbols: { readonly [K in IntegersOperator]: string } = {
  less: "<",
  lessEqual: "<=",
  equal: "==",
  bits: "bits",
  toInteger: "toInteger",
  addInteger: "+",
  subInteger: "-",
  mulInteger: "*",
  and: "&",
  or: "|",
  xor: "^",
};

const shiftSymbols: { readonly [K in ExpressionOf<"shift">["op"]]: string } = {
  left: "<<",
  right: ">>",
  rightUnsigned: ">>>",
};

function operation(symbol: string, inputs: readonly Expression[]): string {
  if (/\w/.test(symbol)) return call(symbol, inputs);
  return `(${inputs.map(text).join(` ${symbol} `)})`;
}

function call(name: string, inputs: readonly Expression[]): string {
  return `${name}(${inputs.map(bare).join(", ")})`;
}

interface Place {
  readonly address: Expression;
  readonly offset: number;
}

function place(kind: string, { address, offset }: Place): string {
  return offset === 0 ? `${kind}[${bare(address)}]` : `${kind}[${text(address)} + ${offset}]`;
}

function text(expression: Expression): string {
  return printKind(expression.kind, expression);
}

/** Without the parentheses around the whole, which only signs between inputs have. */
function bare(expression: Expression): string {
  const whole = text(expression);
  return whole.startsWith("(") ? whole.slice(1, -1) : whole;
}

function number(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
