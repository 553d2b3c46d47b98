/**
 * Recurrences as the papers write them, one step of one example at a time, in float64 and with the papers' letters:
 * W x with the matrix on the left, complex numbers as complex numbers, gates without tricks. Nothing here is shared with
 * the library.
 */
export type Vector = readonly number[];
/** `[out][in]`, as papers write W x. */
export type Matrix = readonly Vector[];

const sigma = (a: number): number => 1 / (1 + Math.exp(-a));
const dot = (a: Vector, b: Vector): number => a.reduce((sum, v, k) => sum + v * (b[k] as number), 0);
/** W x + b */
const linear = (W: Matrix, x: Vector, b: Vector): number[] =>
  W.map((row, j) => dot(row, x) + (b[j] as number));
const zeros = (size: number): number[] => Array.from({ length: size }, () => 0);
const each = (size: number, of: (j: number) => number): number[] =>
  Array.from({ length: size }, (_, j) => of(j));

interface Linear {
  readonly W: Matrix;
  readonly b: Vector;
}

/** g of the log-space algorithms (Feng et al. 2024, appendix B): positive. */
const g = (a: number): number => (a >= 0 ? a + 0.5 : sigma(a));

/** Feng et al. 2024, section 3.1.3: z_t = sigma(Linear(x_t)), h~_t = Linear(x_t), h_t = (1 - z_t) h_{t-1} + z_t h~_t. */
export function minGru(xs: Matrix, z: Linear, h: Linear, form: "plain" | "log"): Matrix {
  let state = zeros(z.b.length);
  return xs.map((x) => {
    const gate = linear(z.W, x, z.b).map(sigma);
    const candidate = linear(h.W, x, h.b).map((a) => (form === "log" ? g(a) : a));
    state = state.map((s, j) => (1 - gate[j]!) * s + gate[j]! * candidate[j]!);
    return state;
  });
}

/** Feng et al. 2024, section 3.2.4: f' = f / (f + i), i' = i / (f + i), h_t = f' h_{t-1} + i' h~_t. */
export function minLstm(
  xs: Matrix,
  { i, f, h }: { readonly i: Linear; readonly f: Linear; readonly h: Linear },
  form: "plain" | "log",
): Matrix {
  let state = zeros(i.b.length);
  return xs.map((x) => {
    const [fs, is] = [linear(f.W, x, f.b).map(sigma), linear(i.W, x, i.b).map(sigma)];
    const candidate = linear(h.W, x, h.b).map((a) => (form === "log" ? g(a) : a));
    state = state.map((s, j) => {
      const sum = fs[j]! + is[j]!;
      return (fs[j]! / sum) * s + (is[j]! / sum) * candidate[j]!;
    });
    return state;
  });
}

export interface Sru {
  readonly W: Matrix;
  readonly Wf: Matrix;
  readonly Wr: Matrix;
  readonly vf: Vector;
  readonly vr: Vector;
  readonly bf: Vector;
  readonly br: Vector;
  /** Of the highway, where input and output differ in width. */
  readonly project: Matrix | null;
  readonly g: (c: number) => number;
  readonly alpha: number;
}
/** Lei et al. 2018, section 2: light recurrence and highway network. */
export function sru(xs: Matrix, { W, Wf, Wr, vf, vr, bf, br, project, g: activation, alpha }: Sru): Matrix {
  let c = zeros(W.length);
  return xs.map((x) => {
    const before = c;
    const product = (matrix: Matrix): Vector => matrix.map((row) => dot(row, x));
    const [wx, wf, wr] = [product(W), product(Wf), product(Wr)];
    const skip = project ? product(project) : x;
    c = before.map((s, j) => {
      const f = sigma(wf[j]! + vf[j]! * s + bf[j]!);
      return f * s + (1 - f) * wx[j]!;
    });
    return c.map((s, j) => {
      const r = sigma(wr[j]! + vr[j]! * before[j]! + br[j]!);
      return r * activation(s) + (1 - r) * skip[j]! * alpha;
    });
  });
}

interface Complex {
  readonly re: number;
  readonly im: number;
}
const plus = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });
const times = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});
const real = (re: number): Complex => ({ re, im: 0 });
/** e^(a + i b) */
const exponential = ({ re, im }: Complex): Complex => ({
  re: Math.exp(re) * Math.cos(im),
  im: Math.exp(re) * Math.sin(im),
});
const sumOf = (row: readonly Complex[], x: readonly Complex[]): Complex =>
  row.reduce((sum, w, k) => plus(sum, times(w, x[k] as Complex)), real(0));

export interface Lru {
  readonly nuLog: Vector;
  readonly thetaLog: Vector;
  readonly gammaLog: Vector;
  readonly B: readonly (readonly Complex[])[];
  readonly C: readonly (readonly Complex[])[];
  /** A matrix, or a vector that stands for a diagonal one. */
  readonly D: Matrix | Vector;
}
/** Orvieto et al. 2023, section 3.4: x_k = Lambda x_{k-1} + exp(gamma^log) * (B u_k), y_k = Re[C x_k] + D u_k. */
export function lru(us: Matrix, { nuLog, thetaLog, gammaLog, B, C, D }: Lru): Matrix {
  const lambda = nuLog.map((nu, j) => exponential({ re: -Math.exp(nu), im: Math.exp(thetaLog[j]!) }));
  let x: readonly Complex[] = nuLog.map(() => real(0));
  return us.map((u) => {
    const input = u.map(real);
    x = x.map((s, j) => plus(times(lambda[j]!, s), times(real(Math.exp(gammaLog[j]!)), sumOf(B[j]!, input))));
    return C.map((row, j) => {
      const d = D[j] as number | Vector;
      return sumOf(row, x).re + (typeof d === "number" ? d * u[j]! : dot(d, u));
    });
  });
}

export interface Gate extends Linear {
  /** Block-diagonal. */
  readonly R: Matrix;
}
export interface Slstm {
  readonly z: Gate;
  readonly i: Gate;
  readonly f: Gate;
  readonly o: Gate;
  readonly forgetGate: "sigmoid" | "exp";
}
/** Beck et al. 2024, equations 8 to 14: without the stabiliser, which numbers of ordinary size do not need. */
export function slstm(xs: Matrix, { z, i, f, o, forgetGate }: Slstm): Matrix {
  const size = z.b.length;
  let [c, n, h] = [zeros(size), zeros(size), zeros(size)];
  return xs.map((x) => {
    const before = h;
    const sum = ({ W, R, b }: Gate): number[] =>
      linear(W, x, b).map((a, j) => a + dot(R[j] as Vector, before));
    const [zt, ot] = [sum(z).map(Math.tanh), sum(o).map(sigma)];
    const it = sum(i).map(Math.exp);
    const ft = sum(f).map(forgetGate === "exp" ? Math.exp : sigma);
    c = each(size, (j) => ft[j]! * c[j]! + it[j]! * zt[j]!);
    n = each(size, (j) => ft[j]! * n[j]! + it[j]!);
    h = each(size, (j) => (ot[j]! * c[j]!) / n[j]!);
    return h;
  });
}
