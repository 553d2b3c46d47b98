/**
 * The operators, listed once, and the immutable nodes made of them.
 *
 * A node knows its operator, inputs, attributes, shape and dtype, and nothing about who uses it. Shapes end in the
 * features; before them may stand "rows" (the batch) and, before these, a dimension of time: `[time, rows, features]`.
 * Axes between rows and features are sites, such as the pixels of an image: `[rows, H, W, features]`.
 * Sequences are time-major inside the compiler. A dimension that is a string is known at run time only.
 */
export type Dim = number | string;
export type Shape = readonly Dim[];
export type DType = "float32" | "int32";

/** The dimension of the batch. */
export const rows = "rows";

type None = Readonly<Record<never, never>>;
interface Unary {
  readonly inputs: readonly [Node];
  readonly attributes: None;
}
interface Binary {
  readonly inputs: readonly [Node, Node];
  readonly attributes: None;
}

/** A window that moves over an image `[..., H, W, C]`: pairs are along H and along W. */
export interface Windows {
  /** H, W. */
  readonly image: Pair;
  /** Places of the window: h, w. */
  readonly window: Pair;
  /** From one place of the window to the next, in the image. */
  readonly dilation: Pair;
  /** From one window to the next, in the image. */
  readonly strides: Pair;
  /** Where the first window begins: -1 is one before the image. */
  readonly start: Pair;
  /** How many windows: H', W'. */
  readonly count: Pair;
  /** What stands outside of the image. */
  readonly outside: number;
}
export type Pair = readonly [number, number];

export interface Operators {
  /** Something given from outside: an input, a weight, or, inside a scan, a state or the slice of a sequence. */
  readonly parameter: {
    readonly inputs: readonly [];
    readonly attributes: { readonly name: string; readonly shape: Shape; readonly dtype: DType };
  };
  /** One number, shape `[]`. */
  readonly constant: { readonly inputs: readonly []; readonly attributes: { readonly value: number } };
  /** 0, 1, ... size - 1 along the last axis. */
  readonly iota: { readonly inputs: readonly []; readonly attributes: { readonly size: number } };
  /**
   * Uniform numbers in [0, 1): a function of a key (int32 `[2]`), the row of the batch and the place in the row
   * (time and feature), so the same for any number of threads.
   */
  readonly random: { readonly inputs: readonly [Node]; readonly attributes: { readonly shape: Shape } };

  readonly neg: Unary;
  readonly abs: Unary;
  readonly sqrt: Unary;
  readonly exp: Unary;
  readonly log: Unary;
  readonly log1p: Unary;
  readonly tanh: Unary;
  readonly sigmoid: Unary;
  readonly erf: Unary;
  readonly floor: Unary;
  /** int32 to float32. */
  readonly toFloat: Unary;
  /** Magnitudes below 2^-100 become zero (plan/vanish.ts). */
  readonly vanish: Unary;
  /** The value itself; its derivative is zero. */
  readonly stopGradient: Unary;

  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly div: Binary;
  readonly maximum: Binary;
  readonly minimum: Binary;
  /** 1 where a > b, else 0. */
  readonly greater: Binary;
  /** 1 where a = b, else 0. */
  readonly equal: Binary;
  /** (condition, whenTrue, whenFalse): a condition is true where it is not 0. */
  readonly where: { readonly inputs: readonly [Node, Node, Node]; readonly attributes: None };

  /** Sum over the last axis, which stays with length 1. */
  readonly sum: Unary;
  /** Maximum over the last axis, which stays with length 1. */
  readonly max: Unary;
  /** Sum over the first `count` axes (time, rows), which disappear. */
  readonly sumLeading: { readonly inputs: readonly [Node]; readonly attributes: { readonly count: number } };

  readonly reshape: { readonly inputs: readonly [Node]; readonly attributes: { readonly shape: Shape } };
  readonly broadcast: { readonly inputs: readonly [Node]; readonly attributes: { readonly shape: Shape } };
  /** Of the two axes of a matrix. */
  readonly transpose: Unary;
  /** `size` features from `start` on. */
  readonly slice: {
    readonly inputs: readonly [Node];
    readonly attributes: { readonly start: number; readonly size: number };
  };
  /** `size` rows of a matrix from `start` on. */
  readonly sliceRows: {
    readonly inputs: readonly [Node];
    readonly attributes: { readonly start: number; readonly size: number };
  };
  /** Zeros before and after the features, until there are `size`. */
  readonly pad: {
    readonly inputs: readonly [Node];
    readonly attributes: { readonly start: number; readonly size: number };
  };
  /** The same for the rows of a matrix. */
  readonly padRows: {
    readonly inputs: readonly [Node];
    readonly attributes: { readonly start: number; readonly size: number };
  };
  /** Along the last axis. */
  readonly concat: { readonly inputs: readonly Node[]; readonly attributes: None };
  /** (sequence, lengths): each row turned at its own length. */
  readonly reverse: Binary;
  /**
   * (sequence, its lengths, lengths of the result): step t of the result, whose time is `time`, is step
   * (t * stride + offset) / per of the row's sequence; zeros where that is none of its steps, or t none of the row's.
   */
  readonly resample: {
    readonly inputs: readonly [Node, Node, Node];
    readonly attributes: Resampling;
  };

  /** Sum over the sites, whose axes stay with length 1. */
  readonly sumSites: Unary;
  /** Maximum over the sites, whose axes stay with length 1. */
  readonly maxSites: Unary;
  /** The features of all sites, one after the other: `[..., A, B, F]` to `[..., A * B * F]`. */
  readonly joinSites: Unary;
  /** (sequence, lengths): `[time, rows, F]` to `[rows, size, F]`, zeros behind the length of each row. */
  readonly timeToSites: {
    readonly inputs: readonly [Node, Node];
    readonly attributes: { readonly size: number };
  };
  /** The way back: (x, lengths), `[rows, size, F]` to `[time, rows, F]`. */
  readonly sitesToTime: {
    readonly inputs: readonly [Node, Node];
    readonly attributes: { readonly time: Dim };
  };
  /** What a window sees at each of its places: `[..., H, W, C]` to `[..., H', W', h * w * C]`. */
  readonly patches: { readonly inputs: readonly [Node]; readonly attributes: Windows };
  /** Each patch added where it was seen: `[..., H', W', h * w * C]` to `[..., H, W, C]`. */
  readonly overlapAdd: { readonly inputs: readonly [Node]; readonly attributes: Windows };

  /** `[..., K] x [K, N]`. */
  readonly matmul: Binary;
  /** (start, a, b) = start + a x b: each element is one accumulator begun with `start`, k ascending. */
  readonly affine: { readonly inputs: readonly [Node, Node, Node]; readonly attributes: None };
  /** `[..., K], [..., N]` to `[K, N]`: a^T b, summed over time and rows, both descending. */
  readonly contract: Binary;
  /** (table `[V, N]`, index) = the rows of the table. */
  readonly gather: Binary;
  /** (index, values `[..., N]`) = a table `[size, N]` of zeros with each value added at its index. */
  readonly scatterAdd: {
    readonly inputs: readonly [Node, Node];
    readonly attributes: { readonly size: number };
  };

  /** A step applied over time: (lengths, ...initial states, ...sequences, ...captured nodes). See scan.ts. */
  readonly scan: { readonly inputs: readonly Node[]; readonly attributes: ScanAttributes };
  /** One result of a scan. */
  readonly output: { readonly inputs: readonly [Node]; readonly attributes: { readonly result: ScanResult } };
}
export interface Resampling {
  readonly time: Dim;
  readonly stride: number;
  readonly per: number;
  readonly offset: number;
}
export type Operator = keyof Operators;
export type Node = { readonly [K in Operator]: NodeOf<K> }[Operator];
export interface NodeOf<K extends Operator> {
  readonly op: K;
  readonly inputs: Operators[K]["inputs"];
  readonly attributes: Operators[K]["attributes"];
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * The step of a scan, a graph of its own. It may use nodes from outside (weights, masks): these are captured and do
 * not change from step to step.
 */
export interface ScanBody {
  /** The states when the step begins. */
  readonly carried: readonly NodeOf<"parameter">[];
  /** The slices of the sequences, without their axis of time. */
  readonly sequences: readonly NodeOf<"parameter">[];
  /** The states when the step ends, one for each of `carried`. */
  readonly next: readonly Node[];
  /** Values kept for every step. */
  readonly stacked: readonly Node[];
  /** Values without rows, summed over all steps. */
  readonly summed: readonly Node[];
}
export interface ScanAttributes {
  readonly body: ScanBody;
  /** The dimension of time that the sequences begin with. */
  readonly time: Dim;
  /** From the last step to the first. */
  readonly reverse: boolean;
  /** Every step is linear in the states (linear.ts). */
  readonly associative: boolean;
}
/** `final`: a state after the last step of each row; `stacked`: `[time, rows, ...]`; `summed`: over all steps. */
export interface ScanResult {
  readonly kind: "final" | "stacked" | "summed";
  readonly index: number;
}
