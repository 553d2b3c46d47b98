/** Debian's browsers: where they are, and how they start without a screen and without a network. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

export const chromiumFlags: readonly string[] = [
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking",
  "--disable-component-update --disable-sync",
].flatMap((line) => line.split(" "));

/** Throws where the PATH has no such program. */
export function executable(name: "chromium" | "firefox-esr"): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`no ${name} on the PATH: apt-get install ${name}`);
  return found;
}
