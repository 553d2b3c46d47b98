/**
 * What every renderer's code has to do, expression by expression and statement by statement: small functions for any
 * number of lanes, what they find in memory, and what plain JavaScript says they leave there.
 */
import type {
  Expression,
  ExpressionOf,
  IntegersOperator,
  IntOperator,
  ProgramFunction,
  Statement,
  VectorOperator,
} from "../src/core/plan/program.ts";
import { branch, int, integers, ints, load, local, loop, set, store, storeInt, vector } from "./programs.ts";

export interface Case {
  readonly name: string;
  readonly body: readonly Statement[];
  readonly functions?: readonly ProgramFunction[];
  /** From byte 0 on; floats unless an Int32Array. */
  readonly inputs?: readonly number[] | Int32Array;
  /** What then stands at byte `out`; floats unless an Int32Array. */
  readonly expected: readonly number[] | Int32Array;
}
export interface Mode {
  readonly lanes: number;
  /** Are multiply-adds rounded once? */
  readonly fused: boolean;
}

/** Results stand at this byte and behind it; before it there is room for seven vectors of 32 lanes. */
export const out = 1024;

export const expressionCases = (mode: Mode): readonly Case[] => [
  ...intCases(mode),
  ...arithmeticCases(mode),
  ...vectorCases(mode),
  ...integersCases(mode),
];

export const statementCases = ({ lanes }: Mode): readonly Case[] => [
  ...storeCases(lanes),
  ...loopCases(),
  ...branchCases(),
  callCase(),
];

/** A function a case, `case_0` and so on, each behind those that it calls. */
export const functionsOf = (cases: readonly Case[]): readonly ProgramFunction[] =>
  cases.flatMap(({ body, functions = [] }, number) => [
    ...functions,
    { name: `case_${number}`, parameters: [], body, exported: true },
  ]);

/** What a case finds in memory, and what it has left there once `run` has run it. */
export function resultOf(
  { inputs = [], expected }: Case,
  { floats, integers }: { readonly floats: Float32Array; readonly integers: Int32Array },
  run: () => void,
): readonly number[] {
  integers.fill(0, 0, out);
  (inputs instanceof Int32Array ? integers : floats).set(inputs);
  run();
  const memory = expected instanceof Int32Array ? integers : floats;
  return [...memory.subarray(out / 4, out / 4 + expected.length)];
}

const { fround } = Math;

/** The values again and again, for every lane. */
const across = (values: readonly number[], lanes: number): readonly number[] =>
  Array.from({ length: lanes }, (_, k) => values[k % values.length] as number);
/** The values of one vector after another. */
const vectorsOf = (lanes: number, ...values: readonly (readonly number[])[]): readonly number[] =>
  values.flatMap((some) => across(some, lanes));
/** The first vectors in memory. */
const givenVectors = (lanes: number): readonly [Expression, Expression, Expression, Expression] => [
  load(0),
  load(4 * lanes),
  load(8 * lanes),
  load(12 * lanes),
];
const storeInts = (values: readonly Expression[]): readonly Statement[] =>
  values.map((value, k) => storeInt(out, value, 4 * k));
const intCase = (name: string, values: readonly Expression[], expected: readonly number[]): Case => ({
  name,
  body: storeInts(values),
  expected: Int32Array.from(expected),
});

function intCases({ lanes }: Mode): readonly Case[] {
  const pairs = [
    [7, 3],
    [3, 7],
    [5, 5],
    [-7, 3],
    [-1, 2],
    [2147483647, 9],
    [-2147483648, 31],
  ] as const;
  const expected: { readonly [K in IntOperator]: (x: number, y: number) => number } = {
    add: (x, y) => (x + y) | 0,
    subtract: (x, y) => (x - y) | 0,
    multiply: (x, y) => Math.imul(x, y),
    divide: (x, y) => Math.floor((x >>> 0) / (y >>> 0)) | 0,
    remainder: (x, y) => ((x >>> 0) % (y >>> 0)) | 0,
    minimum: (x, y) => Math.min(x, y),
    and: (x, y) => x & y,
    shiftLeft: (x, y) => x << y,
    less: (x, y) => Number(x < y),
    lessEqual: (x, y) => Number(x <= y),
    equal: (x, y) => Number(x === y),
    notEqual: (x, y) => Number(x !== y),
  };
  const ops = Object.keys(expected) as IntOperator[];
  const four = ints("minimum", ints("minimum", int(4), int(3)), ints("minimum", int(2), int(6)));
  const numbers = [0, 1, -1, 63, 64, -64, -65, 8191, 8192, 2147483647, -2147483648];
  const any = (k: number): Expression => ({ kind: "anyTrue", value: integers("bits", load(4 * lanes * k)) });
  return [
    ...ops.map((op) =>
      intCase(
        `${op} of ints is JavaScript's on 32 bits`,
        pairs.map(([x, y]) => ints(op, int(x), int(y))),
        pairs.map(([x, y]) => expected[op](x, y)),
      ),
    ),
    intCase("minimum nests in either input", [four, ints("minimum", int(1), four)], [2, 1]),
    intCase("ints survive their encoding", numbers.map(int), numbers),
    ...numbers.map((value) => ({
      name: `${value} survives its encoding in every lane`,
      body: [store(out, { kind: "integer", value })],
      expected: Int32Array.from(across([value], lanes)),
    })),
    intCase("an address above 2^31 is the int with its bits", [int(2 ** 32 - 4)], [-4]),
    {
      name: "loadInt reads one integer at address + offset",
      body: storeInts([{ kind: "loadInt", address: int(4), offset: 8 }]),
      inputs: Int32Array.of(1, 2, 3, -4),
      expected: Int32Array.of(-4),
    },
    {
      name: "anyTrue tells whether a bit is set",
      body: storeInts([any(0), any(1), any(2)]),
      inputs: Int32Array.from({ length: 3 * lanes }, (_, k) => (k === lanes - 1 || k === lanes ? 4 : 0)),
      expected: Int32Array.of(1, 1, 0),
    },
  ];
}

/** The operators that a table of plain arithmetic can state; the others have cases of their own. */
function arithmeticCases({ lanes, fused }: Mode): readonly Case[] {
  type Lane = (x: number, y: number, z: number) => number;
  const exact: { readonly [K in Exclude<VectorOperator, "float" | "toFloat" | "select">]: Lane } = {
    add: (p, q) => p + q,
    sub: (p, q) => p - q,
    mul: (p, q) => p * q,
    div: (p, q) => p / q,
    min: (p, q) => Math.min(p, q),
    max: (p, q) => Math.max(p, q),
    neg: (p) => -p,
    abs: (p) => Math.abs(p),
    sqrt: (p) => Math.sqrt(p),
    floor: (p) => Math.floor(p),
    multiplyAdd: (p, q, r) => (fused ? p * q : fround(p * q)) + r,
  };
  const arity = { neg: 1, abs: 1, sqrt: 1, floor: 1, multiplyAdd: 3 } as const;
  const e = 2 ** -12;
  const x = vectorsOf(
    lanes,
    [1.5, -2.25, 0.1, 3e15, 1 + e, 0, -0, 1.9999999, -7.5, 6, 25],
    [2.5, 7, -0.3, -1e16, 1 + e, 3, 4, -1.1],
    [-0.75, 1, 2, 0.5, -1 - 2 * e, 1e-5],
  ).map(fround);
  return (Object.keys(exact) as (keyof typeof exact)[]).map((op) => {
    const inputs = givenVectors(lanes).slice(0, op in arity ? arity[op as keyof typeof arity] : 2);
    return {
      name: `${op} of vectors is JavaScript's, rounded once${op === "multiplyAdd" && !fused ? " a step" : ""}`,
      body: [store(out, vector(op, ...inputs))],
      inputs: x,
      expected: Array.from({ length: lanes }, (_, k) =>
        fround(exact[op](x[k] as number, x[k + lanes] as number, x[k + 2 * lanes] as number)),
      ),
    };
  });
}

function vectorCases({ lanes }: Mode): readonly Case[] {
  const [a, b, c, d] = givenVectors(lanes);
  const vectorCase = (
    name: string,
    value: Expression,
    inputs: NonNullable<Case["inputs"]>,
    expected: readonly number[],
  ): Case => ({ name, body: [store(out, value)], inputs, expected: across(expected, lanes) });
  const constants = [0.1, 1, -0, 0, Infinity, -Infinity, NaN, 2 ** -149, 2 ** 127, -3.4e38, Math.PI];
  const special = vectorsOf(lanes, [NaN, 1, 0, -0], [1, NaN, -0, 0]);
  const wide = Array.from({ length: lanes }, (_, k) => fround([1e8, 1, -1e8, 3, 0.1, -7e7][k % 6] as number));
  const falling = Array.from({ length: lanes }, (_, k) => -k - 3);
  return [
    ...constants.map((value) =>
      vectorCase(
        `the constant ${value} is float32 in every lane`,
        { kind: "constant", value },
        [],
        [fround(value)],
      ),
    ),
    {
      name: "load reads floats wherever they begin",
      body: [store(out, load(8, 4))],
      inputs: Array.from({ length: lanes + 3 }, (_, k) => k + 1),
      expected: Array.from({ length: lanes }, (_, k) => k + 4),
    },
    vectorCase("splat reads one", { kind: "splat", address: int(4), offset: 4 }, [1, 2, 3], [3]),
    vectorCase(
      "min gives its first input if one is not a number, or both are zeros",
      vector("min", a, b),
      special,
      [NaN, 1, 0, -0],
    ),
    vectorCase(
      "max gives its first input if one is not a number, or both are zeros",
      vector("max", a, b),
      special,
      [NaN, 1, 0, -0],
    ),
    vectorCase(
      "a product and a sum written apart stay apart",
      vector("add", vector("mul", a, b), c),
      vectorsOf(lanes, [1 + 2 ** -12], [1 + 2 ** -12], [-1 - 2 ** -11]),
      [0],
    ),
    vectorCase("float keeps the bits", vector("float", { kind: "integer", value: 0x3f800000 }), [], [1]),
    vectorCase(
      "toFloat converts",
      vector("toFloat", integers("bits", a)),
      Int32Array.from(across([-7, 0, 16777217, 9, -2147483648], lanes)),
      [-7, 0, 16777216, 9, -2147483648],
    ),
    vectorCase(
      "select takes bits, so not even a NaN leaks from the other side",
      vector("select", integers("less", c, d), a, b),
      vectorsOf(lanes, [1, NaN, 3, 4], [NaN, 6, 7, -0], [0, 2, 1, NaN], [1, 1, 2, 1]),
      [1, 6, 3, -0],
    ),
    {
      name: "select takes half a lane if the mask says so",
      body: [store(out, vector("select", { kind: "integer", value: 0x0000ffff }, a, b))],
      inputs: Int32Array.from(vectorsOf(lanes, [0x11112222], [0x33334444])),
      expected: Int32Array.from(across([0x33332222], lanes)),
    },
    vectorCase("acrossLanes adds halves, in every lane", { kind: "acrossLanes", op: "add", value: a }, wide, [
      sumOfHalves(wide),
    ]),
    ...falling.map((_, at) =>
      vectorCase(
        `acrossLanes finds the largest in lane ${at}`,
        { kind: "acrossLanes", op: "max", value: a },
        falling.with(at, -2),
        [-2],
      ),
    ),
    vectorCase(
      "the largest of zeros is the first",
      { kind: "acrossLanes", op: "max", value: a },
      vectorsOf(lanes, [-0, 0]),
      [-0],
    ),
  ];
}

/** Lane k and lane k + half, until one is left. */
function sumOfHalves(values: readonly number[]): number {
  const half = values.length / 2;
  if (half < 1) return values[0] as number;
  return sumOfHalves(
    Array.from({ length: half }, (_, k) => fround((values[k] as number) + (values[k + half] as number))),
  );
}

function integersCases({ lanes }: Mode): readonly Case[] {
  const [a, b] = givenVectors(lanes);
  const xs = across([5, -3, 2147483647, -2147483648], lanes);
  const ys = across([3, -3, 2, 65537], lanes);
  const given = Int32Array.from([...xs, ...ys]);
  type Lane = (x: number, y: number) => number;
  type Whole = "addInteger" | "subInteger" | "mulInteger" | "and" | "or" | "xor";
  const whole: { readonly [K in Whole]: Lane } = {
    addInteger: (x, y) => (x + y) | 0,
    subInteger: (x, y) => (x - y) | 0,
    mulInteger: (x, y) => Math.imul(x, y),
    and: (x, y) => x & y,
    or: (x, y) => x | y,
    xor: (x, y) => x ^ y,
  };
  const compare: {
    readonly [K in Exclude<IntegersOperator, Whole | "bits" | "toInteger">]: readonly number[];
  } = {
    less: [-1, 0, 0, 0],
    lessEqual: [-1, -1, 0, 0],
    equal: [0, -1, 0, 0],
  };
  const shifts: { readonly [K in ExpressionOf<"shift">["op"]]: (x: number) => number } = {
    left: (x) => x << 5,
    right: (x) => x >> 5,
    rightUnsigned: (x) => (x >>> 5) | 0,
  };
  const one = (
    name: string,
    value: Expression,
    inputs: Case["inputs"],
    expected: readonly number[],
  ): Case => ({
    name,
    body: [store(out, value)],
    inputs: inputs ?? [],
    expected: Int32Array.from(across(expected, lanes)),
  });
  const bits = (value: Expression): Expression => integers("bits", value);
  return [
    ...(Object.keys(whole) as Whole[]).map((op) =>
      one(
        `${op} of integers is JavaScript's on 32 bits`,
        integers(op, bits(a), bits(b)),
        given,
        xs.map((x, k) => whole[op](x, ys[k] as number)),
      ),
    ),
    ...(Object.keys(compare) as (keyof typeof compare)[]).map((op) =>
      one(
        `${op} of vectors gives masks, and no NaN compares`,
        integers(op, a, b),
        vectorsOf(lanes, [1, -0, NaN, 1], [2, 0, NaN, NaN]),
        compare[op],
      ),
    ),
    one(
      "toInteger truncates",
      integers("toInteger", a),
      across([-1.9, 2.9, 0.5, -0.5, 2147483520, -2147483648], lanes),
      [-1, 2, 0, 0, 2147483520, -2147483648],
    ),
    one(
      "toInteger saturates, NaN gives 0",
      integers("toInteger", a),
      across([-1e20, 1e20, NaN, 2147483648, Infinity, -Infinity], lanes),
      [-2147483648, 2147483647, 0, 2147483647, 2147483647, -2147483648],
    ),
    ...(Object.keys(shifts) as (keyof typeof shifts)[]).map((op) =>
      one(
        `shift ${op} is JavaScript's`,
        { kind: "shift", op, by: 5, value: bits(a) },
        given,
        xs.map(shifts[op]),
      ),
    ),
    one(
      "laneIndex counts the lanes",
      { kind: "laneIndex" },
      [],
      Array.from({ length: lanes }, (_, k) => k),
    ),
    one("spread fills the lanes", { kind: "spread", value: ints("add", int(-50), int(8)) }, [], [-42]),
    one(
      "splatInteger fills the lanes",
      { kind: "splatInteger", address: int(0), offset: 4 },
      Int32Array.of(1, -2),
      [-2],
    ),
  ];
}

function storeCases(lanes: number): readonly Case[] {
  const one: Expression = { kind: "constant", value: 1 };
  const ones = Array.from({ length: lanes }, () => 1);
  const first = (value: Expression): Statement => ({
    kind: "storeFirst",
    address: int(out - 4),
    offset: 8,
    value,
  });
  const prefetch = (address: number): Statement => ({ kind: "prefetch", address: int(address), offset: 4 });
  const fill: Statement = { kind: "fill", address: int(out + 4), bytes: ints("multiply", int(4), int(3)) };
  const size = 4 * lanes;
  const zeros = [
    store(out, local("v", "vector")),
    store(out + size, local("i", "integers")),
    storeInt(out + 2 * size, local("n")),
  ];
  const counts = Array.from({ length: lanes }, (_, k) => k);
  const sets = [set("v", one, "vector"), set("i", { kind: "laneIndex" }, "integers"), set("n", int(1))];
  return [
    {
      name: "storeFirst writes lane 0 alone, of vectors",
      body: [first(load(0))],
      inputs: [7, 8, 9, 10],
      expected: [0, 7, 0],
    },
    {
      name: "storeFirst writes lane 0 alone, of integers",
      body: [first({ kind: "integer", value: -3 })],
      expected: Int32Array.of(0, -3, 0),
    },
    { name: "store writes at address + offset", body: [store(out, one, 4)], expected: [0, ...ones, 0] },
    {
      name: "storeInt writes at address + offset",
      body: [storeInt(out, int(9), 4)],
      expected: Int32Array.of(0, 9, 0),
    },
    {
      name: "fill writes zeros to just those bytes",
      body: [store(out, one), store(out, one, 8), fill],
      expected: [1, 0, 0, 0, ...ones].slice(0, lanes + 2),
    },
    {
      name: "prefetch changes nothing, wherever it looks",
      body: [store(out, one), prefetch(out), prefetch(-(2 ** 20))],
      expected: ones,
    },
    {
      name: "a local holds zero until it is set",
      body: [...zeros, ...sets],
      expected: Int32Array.from([...ones, ...ones, 1], () => 0),
    },
    {
      name: "a local holds what it was set to",
      body: [...sets, ...zeros],
      expected: Int32Array.from([...ones.map(() => 0x3f800000), ...counts, 1]),
    },
  ];
}

function loopCases(): readonly Case[] {
  const ranges = [
    [0, 10, 4, [0, 4, 8]],
    [0, 8, 4, [0, 4]],
    [5, 5, 1, []],
    [7, 2, 1, []],
    [9, 0, -4, [9, 5, 1]],
    [8, 0, -4, [8, 4, 0]],
    [-1, 0, -1, []],
    [-3, 1, 2, [-3, -1]],
  ] as const;
  const one = int(1);
  const counted = set("count", ints("add", local("count"), one));
  const note = [storeInt(ints("multiply", local("count"), int(4)), local("n"), out + 4), counted];
  const visits = ranges.flatMap(([from, until, step, visited]) =>
    [
      [ints("add", int(from), local("zero")), ints("add", int(until), local("zero")), step] as const,
      [int(from), int(until), step] as const,
    ].map((bounds, k) => ({
      name: `a loop from ${from}, until ${until}, by ${step} visits ${visited.join()} (${k === 0 ? "computed" : "constant"})`,
      body: [set("zero", int(0)), loop("n", bounds, note), storeInt(out, local("count"))],
      expected: Int32Array.of(visited.length, ...visited),
    })),
  );
  const shrink = set("end", ints("subtract", local("end"), one));
  const inner = set(
    "sum",
    ints("add", local("sum"), ints("multiply", local("i"), ints("multiply", local("j"), local("k")))),
  );
  const above = (name: string): Expression => ints("add", local(name), one);
  const innermost = loop("k", [int(0), above("i"), 1], [inner]);
  const nest = loop("i", [int(0), above("four"), 1], [loop("j", [int(3), one, -1], [innermost])]);
  let sum = 0;
  for (let i = 0; i < 5; i++) for (let j = 3; j >= 1; j--) for (let k = 0; k < i + 1; k++) sum += i * j * k;
  return [
    ...visits,
    {
      name: "the end of a loop is fixed before it begins",
      body: [
        set("end", int(6)),
        loop("n", [int(0), local("end"), 1], [shrink, counted]),
        storeInt(out, local("count")),
      ],
      expected: Int32Array.of(6),
    },
    {
      name: "the end of a loop may be its counter before",
      body: [set("n", int(3)), loop("n", [int(0), local("n"), 1], [counted]), storeInt(out, local("count"))],
      expected: Int32Array.of(3),
    },
    {
      name: "loops nest three deep, each with an end of its own",
      body: [set("four", int(4)), nest, storeInt(out, local("sum"))],
      expected: Int32Array.of(sum),
    },
  ];
}

function branchCases(): readonly Case[] {
  const chosen = (n: number, both: boolean): readonly Statement[] => [
    branch(ints("less", int(n), int(5)), [storeInt(out, int(1))], both ? [storeInt(out, int(2))] : undefined),
  ];
  return [
    { name: "if runs its first side", body: chosen(4, true), expected: Int32Array.of(1) },
    { name: "if runs its other side", body: chosen(5, true), expected: Int32Array.of(2) },
    { name: "if without an otherwise runs one side", body: chosen(4, false), expected: Int32Array.of(1) },
    { name: "if without an otherwise runs none", body: chosen(5, false), expected: Int32Array.of(0) },
  ];
}

function callCase(): Case {
  const body = [storeInt(local("at"), local("value"))];
  const write: ProgramFunction = { name: "write", parameters: ["at", "value"], body, exported: false };
  const call = (at: number, value: Expression): Statement => ({
    kind: "call",
    name: "write",
    inputs: [int(at), value],
  });
  return {
    name: "a function calls those before it",
    functions: [write],
    body: [call(out, int(41)), call(out + 4, ints("add", int(2), int(3)))],
    expected: Int32Array.of(41, 5),
  };
}
