/**
 * The loop-level representation in which every plan ends: functions of loops, loads, stores and vector arithmetic.
 *
 *   for (n = 0; n < 128; n += 4)           { kind: "for", ... }
 *     a = load(h + 4 k)  (in every lane)   { kind: "set", value: { kind: "splat", ... } }
 *     acc = a * load(w) + acc              { kind: "vector", op: "multiplyAdd", ... }
 *
 * A renderer prints it (WebAssembly, C); it decides nothing. Three types: `int` (a 32-bit integer or an address in
 * bytes), `vector` (`lanes` float32) and `integers` (`lanes` 32-bit integers, also a mask: all ones or all zeros).
 * Addresses are bytes from the start of the arena; `offset` is a constant number of bytes added to an address.
 */
export type ValueType = "int" | "vector" | "integers";

/** Scalar 32-bit integers. Comparisons give 1 or 0; `divide` and `remainder` are unsigned. */
export type IntOperator =
  | "add"
  | "subtract"
  | "multiply"
  | "divide"
  | "remainder"
  | "minimum"
  | "and"
  | "shiftLeft"
  | "less"
  | "lessEqual"
  | "equal"
  | "notEqual"; // signed comparisons

/** Lane by lane. `min`/`max` are pmin/pmax (`b < a ? b : a`, `a < b ? b : a`); comparisons give masks. */
export type VectorOperator =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "min"
  | "max"
  | "neg"
  | "abs"
  | "sqrt"
  | "floor"
  | "multiplyAdd" // a * b + c: fused in relaxed mode, rounded twice in strict mode
  | "float" // reinterpret integers as a vector
  | "toFloat" // convert integers to floats
  | "select"; // (mask, whenTrue, whenFalse), bitwise

export type IntegersOperator =
  | "less"
  | "lessEqual"
  | "equal" // of vectors
  | "bits" // reinterpret a vector
  | "toInteger" // truncate, saturating; NaN gives 0
  | "addInteger"
  | "subInteger"
  | "mulInteger"
  | "and"
  | "or"
  | "xor";

export type Expression =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "local"; readonly name: string; readonly type: ValueType }
  | {
      readonly kind: "intOperation";
      readonly op: IntOperator;
      readonly inputs: readonly [Expression, Expression];
    }
  | { readonly kind: "loadInt"; readonly address: Expression; readonly offset: number }
  | { readonly kind: "constant"; readonly value: number } // a vector, the same float32 in every lane
  | { readonly kind: "integer"; readonly value: number } // integers, the same in every lane
  | { readonly kind: "laneIndex" } // integers 0, 1, 2, ...
  | { readonly kind: "spread"; readonly value: Expression } // an int into every lane of integers
  | { readonly kind: "load"; readonly address: Expression; readonly offset: number } // `lanes` floats
  | { readonly kind: "splat"; readonly address: Expression; readonly offset: number } // one float into every lane
  | { readonly kind: "splatInteger"; readonly address: Expression; readonly offset: number } // one int32
  | { readonly kind: "vector"; readonly op: VectorOperator; readonly inputs: readonly Expression[] }
  | { readonly kind: "integers"; readonly op: IntegersOperator; readonly inputs: readonly Expression[] }
  | {
      readonly kind: "shift";
      readonly op: "left" | "right" | "rightUnsigned";
      readonly by: number;
      readonly value: Expression;
    }
  // add: lanes are halved and added until one is left, (0 + 2) + (1 + 3) with four; the result is in every lane
  | { readonly kind: "acrossLanes"; readonly op: "add" | "max"; readonly value: Expression }
  | { readonly kind: "anyTrue"; readonly value: Expression }; // int: is a bit of these integers set?

export type Statement =
  | { readonly kind: "set"; readonly name: string; readonly type: ValueType; readonly value: Expression }
  | {
      readonly kind: "store";
      readonly address: Expression;
      readonly offset: number;
      readonly value: Expression;
    }
  | {
      readonly kind: "storeFirst";
      readonly address: Expression;
      readonly offset: number;
      readonly value: Expression;
    } // lane 0
  | {
      readonly kind: "storeInt";
      readonly address: Expression;
      readonly offset: number;
      readonly value: Expression;
    }
  // counts `name` (an int) from `from` up while < `until`; with a negative step down while >= `until`
  | {
      readonly kind: "for";
      readonly name: string;
      readonly from: Expression;
      readonly until: Expression;
      readonly step: number;
      readonly body: readonly Statement[];
    }
  | {
      readonly kind: "if";
      readonly condition: Expression;
      readonly then: readonly Statement[];
      readonly otherwise?: readonly Statement[];
    }
  // asks for the memory there ahead of its use, where a machine can be asked; changes nothing
  | { readonly kind: "prefetch"; readonly address: Expression; readonly offset: number }
  | { readonly kind: "fill"; readonly address: Expression; readonly bytes: Expression } // zeros
  | { readonly kind: "call"; readonly name: string; readonly inputs: readonly Expression[] };

/** Parameters are ints. A local has one type throughout its function and holds zero until it is set. */
export interface ProgramFunction {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly body: readonly Statement[];
  /** May be called from outside. */
  readonly exported: boolean;
}
export interface Program {
  readonly lanes: number;
  /** A function stands after those it calls. */
  readonly functions: readonly ProgramFunction[];
}

export type ExpressionOf<K extends Expression["kind"]> = Extract<Expression, { readonly kind: K }>;
export type StatementOf<K extends Statement["kind"]> = Extract<Statement, { readonly kind: K }>;
