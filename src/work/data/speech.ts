/**
 * Frames like those of speech: every sound is a spectrum with two peaks that lasts a few frames, flows into the next,
 * and may be followed by silence; noise lies over all of it. What was said is known, when it was said is not.
 */
import { exp } from "../../core/run/math.ts";
import { type Key, keyOf, normal, uniform } from "../../core/run/random.ts";
import { below, type Draw, type GeneratorOptions } from "./draws.ts";

export interface SpeechOptions extends GeneratorOptions {
  /** Default: 6. */
  readonly sounds?: number;
  /** Bands of the spectrum. Default: 12. */
  readonly bands?: number;
  /** The standard deviation of what lies over each band. Default: 0.5. */
  readonly noise?: number;
}
export interface Speech {
  /** `[count][frames][bands]`, ragged. */
  readonly x: number[][][];
  /** `[count][sounds]`: 1 to `sounds`, ragged; 0 is left for the blank. */
  readonly y: number[][];
}

/** Three to seven sounds a sequence, two to six frames each. */
export function speechFrames({
  count,
  seed = 0,
  sounds = 6,
  bands = 12,
  noise = 0.5,
}: SpeechOptions): Speech {
  const spoken = Array.from({ length: count }, (_, k) => {
    const drawn = keyOf(seed, "speech", k);
    return utterance(drawn, { sounds, bands, noise });
  });
  return { x: spoken.map(({ x }) => x), y: spoken.map(({ y }) => y) };
}

type Voice = Required<Pick<SpeechOptions, "sounds" | "bands" | "noise">>;

function utterance(
  key: Key,
  { sounds, bands, noise }: Voice,
): { readonly x: number[][]; readonly y: number[] } {
  let drawn = 0;
  const draw: Draw = () => uniform(key, drawn++);
  const y = Array.from({ length: 3 + below(draw, 5) }, () => 1 + below(draw, sounds));
  const heard = y.flatMap((sound, k) => {
    const silence = below(draw, 3) === 0 || y[k + 1] === sound ? 1 + below(draw, 2) : 0;
    return [
      ...Array.from({ length: 2 + below(draw, 5) }, () => sound),
      ...Array.from({ length: silence }, () => 0),
    ];
  });
  let flowing = spectrum(0, bands);
  const x = heard.map((sound) => {
    const target = spectrum(sound, bands);
    flowing = flowing.map((level, band) => 0.4 * level + 0.6 * (target[band] ?? 0));
    return flowing.map((level) => level + noise * normal(key, drawn++));
  });
  return { x, y };
}

/** Two peaks whose places tell the sound; silence, 0, has none. */
function spectrum(sound: number, bands: number): number[] {
  if (sound === 0) return Array.from({ length: bands }, () => 0);
  const peaks = [(sound * 2) % bands, (sound * 5 + 3) % bands];
  const near = (band: number, peak: number): number => exp((-(band - peak) * (band - peak)) / 2);
  return Array.from(
    { length: bands },
    (_, band) => 1.5 * peaks.reduce((sum, peak) => sum + near(band, peak), 0),
  );
}

/** How many labels have to be put in, left out or replaced to make `a` of `b` (Levenshtein 1965). */
export function editDistance(a: readonly number[], b: readonly number[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, k) => k);
  a.forEach((label, i) => {
    const next = [i + 1];
    b.forEach((other, j) => {
      const replaced = (row[j] ?? 0) + (label === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    });
    row = next;
  });
  return row.at(-1) ?? 0;
}
