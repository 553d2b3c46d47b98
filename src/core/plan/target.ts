/** What a plan has to know about the machine that it is made for. Tiles and chunks change no bit of a result. */
export interface Target {
  /** float32 in a vector: reductions over features add by lanes. */
  readonly lanes: number;
  readonly tiles: Tiles;
  /** Can memory be asked for ahead of its use? */
  readonly looksAhead: boolean;
  /** Steps of a chunk, and rows times steps of one, at most: what stays in a near cache until it is read again. */
  readonly chunk: { readonly steps: number; readonly cells: number };
}

/** The part of a target that a calibration may choose: speed depends on it, and no bit. */
export type Tuning = Pick<Target, "tiles" | "chunk">;

/** The shapes of tiles, whose accumulators have to stay in registers. */
export interface Tiles {
  /** For one, two, ... products side by side: numbers of vectors of features to choose from, the best first. */
  readonly productVectors: readonly (readonly number[])[];
  /** Rows of a product's tile by the vectors side by side; the rows that are left over take the next number. */
  readonly productRows: readonly (readonly number[])[];
  /** Vectors side by side in a tile of sums, the best first, and its rows by their number. */
  readonly sumVectors: readonly number[];
  readonly sumRows: readonly number[];
}

/** For 16 registers, and what V8 keeps in 15 of them (npm run bench -- tiles). */
export const tilesOf16: Tiles = {
  productVectors: [[], [2, 3], [2], [1]],
  productRows: [[], [6, 1], [4, 1], [3, 1], [2, 1], [1]],
  sumVectors: [4, 3, 2],
  sumRows: [1, 6, 4, 3, 2],
};

/**
 * For 32 registers. Sixteen accumulators keep both multipliers of a core busy; with more, the loads of a tile's last
 * rows were the narrow place (Zen 5, LSTM 64, 128, 32, 100: six rows of four vectors 1.05 times the training step).
 */
export const tilesOf32: Tiles = {
  productVectors: [[], [4, 3, 2], [2], [1]],
  productRows: [[], [12, 4, 1], [8, 4, 1], [6, 4, 1], [4, 2, 1], [4, 1], [3, 1], [2, 1]],
  sumVectors: [2],
  sumRows: [1, 12, 8],
};

/** WebAssembly: vectors of 128 bits. */
export const wasmTarget: Target = {
  lanes: 4,
  tiles: tilesOf16,
  looksAhead: false,
  chunk: { steps: 12, cells: 384 },
};
