/**
 * What a calibration chooses from: tiles and lengths of chunks, by name. Names are what is remembered, so that nothing
 * that is read from elsewhere becomes a plan. No bit of a result depends on the choice.
 */
import { type Target, type Tiles, type Tuning, tilesOf16, tilesOf32 } from "./target.ts";

export interface Choice {
  readonly tiles: string;
  readonly chunk: string;
}
interface Named<T> {
  /** For people, too. */
  readonly name: string;
  readonly value: T;
}

const rowsWith = (tiles: Tiles, other: Readonly<Record<number, readonly number[]>>): Tiles["productRows"] =>
  tiles.productRows.map((rows, vectors) => other[vectors] ?? rows);
const sixRows = { 2: [6, 4, 1] } as const;

/** V8 from Node 24 on keeps the order of a program and so twelve sums in its registers. */
const twelveOf16: Tiles = {
  ...tilesOf16,
  productRows: rowsWith(tilesOf16, sixRows),
  sumVectors: [2, 3],
  sumRows: [1, 6, 6, 3],
};
/** For an engine that makes one vector of 256 bits of two neighbours (V8, --experimental-wasm-revectorize). */
const sixteenOf16: Tiles = {
  ...tilesOf16,
  productRows: rowsWith(tilesOf16, sixRows),
  sumRows: [1, 6, 4, 3, 4],
};
/** For Xeons: on one a prototype with six rows of four vectors was 1.05 times as fast as with four. */
const twentyFourOf32: Tiles = {
  ...tilesOf32,
  productRows: rowsWith(tilesOf32, { 2: [12, 4, 1], 3: [8, 4, 1], 4: [6, 4, 1] }),
  sumRows: [1, 12, 12],
};

/** Sets for one number of registers, its usual one first. */
const families: readonly (readonly Named<Tiles>[])[] = [
  [
    { name: "8 accumulators", value: tilesOf16 },
    { name: "12 accumulators", value: twelveOf16 },
    { name: "16 accumulators, paired", value: sixteenOf16 },
  ],
  [
    { name: "16 accumulators", value: tilesOf32 },
    { name: "24 accumulators", value: twentyFourOf32 },
  ],
];

const chunks: readonly Named<Target["chunk"]>[] = [
  { steps: 6, cells: 96 },
  { steps: 10, cells: 160 },
  { steps: 12, cells: 384 },
  { steps: 20, cells: 640 },
].map((value) => ({ name: `${value.steps} steps, ${value.cells} cells`, value }));

export interface Candidates {
  readonly tiles: readonly string[];
  readonly chunks: readonly string[];
}

/** All for a target; what it has without a calibration comes first. */
export function candidatesFor({ tiles, chunk }: Target): Candidates {
  const usual = ({ steps, cells }: Target["chunk"]): boolean =>
    steps === chunk.steps && cells === chunk.cells;
  const ordered = [...chunks].sort((a, b) => Number(usual(b.value)) - Number(usual(a.value)));
  return { tiles: familyOf(tiles).map(({ name }) => name), chunks: ordered.map(({ name }) => name) };
}

/** What a choice stands for, or null where the target has no such candidate. */
export function tuningOf(choice: Choice, target: Target): Tuning | null {
  const tiles = familyOf(target.tiles).find(({ name }) => name === choice.tiles);
  const chunk = chunks.find(({ name }) => name === choice.chunk);
  return tiles && chunk ? { tiles: tiles.value, chunk: chunk.value } : null;
}

const familyOf = (usual: Tiles): readonly Named<Tiles>[] =>
  families.find(([first]) => first?.value === usual) ?? [];
