/** A cache of its own for every test of a file. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, vi } from "vitest";

/** Points `UNROLL_CACHE` to a new folder before each test and removes it after; returns how to ask for its path. */
export function useOwnCache(): () => string {
  let home = "";
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "unroll-cache-"));
    vi.stubEnv("UNROLL_CACHE", home);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(home, { recursive: true, force: true });
  });
  return () => home;
}
