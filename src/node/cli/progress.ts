/**
 * The progress of a training: on a terminal one line that is drawn again, on a pipe a plain line now and then.
 *
 *   terminal   ████████░░░░░░░░  412/1400  2.413 bits/char  41,250 chars/s  1:12 left
 *   pipe       step 412 of 1400, 2.413 bits per character, 41,250 characters a second, 1:12 left
 */
import { styled, type Terminal } from "./terminal.ts";

export interface Progress {
  readonly step: number;
  readonly steps: number;
  readonly bitsPerCharacter: number;
  /** Characters learned from in a second. */
  readonly speed: number;
  readonly secondsLeft: number;
}
export interface ProgressDisplay {
  update(progress: Progress): void;
  /** Takes the drawn line away, for other text; the next update draws it again. */
  clear(): void;
}

/** Seconds between two plain lines, and between two drawings. */
const plainEvery = 10;
const drawnEvery = 0.1;

/** The display that suits a terminal; `now` tells the time in milliseconds. The last step is always shown. */
export function progressOn(terminal: Terminal, now: () => number = () => performance.now()): ProgressDisplay {
  const every = 1000 * (terminal.live ? drawnEvery : plainEvery);
  let shownAt = terminal.live ? Number.NEGATIVE_INFINITY : now();
  let drawn = false;
  const update = (progress: Progress): void => {
    if (now() - shownAt < every && progress.step < progress.steps) return;
    shownAt = now();
    drawn = terminal.live;
    terminal.write(terminal.live ? `\r${drawnLine(progress, terminal)}\u001b[K` : `${plainLine(progress)}\n`);
  };
  const clear = (): void => {
    if (drawn) terminal.write("\r\u001b[K");
    drawn = false;
  };
  return { update, clear };
}

/** The line of a pipe. */
export function plainLine({ step, steps, bitsPerCharacter, speed, secondsLeft }: Progress): string {
  const figures = `${bitsPerCharacter.toFixed(3)} bits per character, ${grouped(speed)} characters a second`;
  return `step ${step} of ${steps}, ${figures}, ${clock(secondsLeft)} left`;
}

/** The line of a terminal, at most `columns - 1` characters; the bar takes what the figures leave. */
export function drawnLine(progress: Progress, terminal: Pick<Terminal, "columns" | "colour">): string {
  const { step, steps, bitsPerCharacter, speed, secondsLeft } = progress;
  const count = `${String(step).padStart(String(steps).length)}/${steps}`;
  const figures = [
    `${bitsPerCharacter.toFixed(3)} bits/char`,
    `${grouped(speed)} chars/s`,
    `${clock(secondsLeft)} left`,
  ];
  const text = [count, ...figures].join("  ");
  const width = Math.min(40, terminal.columns - text.length - 3);
  if (width < 5) return text.slice(0, terminal.columns - 1);
  const done = Math.round((width * Math.min(step, steps)) / steps);
  const bar = styled(terminal, "green", "█".repeat(done)) + styled(terminal, "dim", "░".repeat(width - done));
  return `${bar}  ${text}`;
}

/** 75 seconds as 1:15, 3725 as 1:02:05. */
export function clock(seconds: number): string {
  const whole = Number.isFinite(seconds) ? Math.max(0, Math.round(seconds)) : 0;
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (part: number): string => String(part).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** 41250 as 41,250. */
export function grouped(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * The figures of a training from its steps: the loss of the last ones, smoothed, and the time they took. The first
 * step, in which programs are still being made ready, does not count once there are others.
 */
export function meter(options: {
  readonly from: number;
  readonly steps: number;
  readonly charactersPerStep: number;
  readonly now?: () => number;
}): (step: number, bitsPerCharacter: number) => Progress {
  const { from, steps, charactersPerStep, now = () => performance.now() } = options;
  let begun = { step: from, at: now() };
  let smooth: number | undefined;
  return (step, bitsPerCharacter) => {
    const weight = Math.max(0.05, 1 / (step - from)); // the mean of the first twenty, then a decaying one
    smooth = smooth === undefined ? bitsPerCharacter : smooth + weight * (bitsPerCharacter - smooth);
    const secondsPerStep = (now() - begun.at) / 1000 / Math.max(1, step - begun.step);
    if (begun.step === from) begun = { step, at: now() };
    const speed = charactersPerStep / secondsPerStep;
    return { step, steps, bitsPerCharacter: smooth, speed, secondsLeft: secondsPerStep * (steps - step) };
  };
}
