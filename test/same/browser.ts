/** Trains in a browser of the machine: the page begins by itself and posts what came of it; nothing drives it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromiumFlags, executable } from "../browser/executable.ts";
import { serve } from "../browser/server.ts";
import type { PageReport } from "./page.ts";
import type { Circumstances, Trained } from "./training.ts";

export type BrowserName = "chromium" | "firefox-esr";

/** How each one starts with a profile of its own. */
const flags: { readonly [N in BrowserName]: (profile: string) => readonly string[] } = {
  chromium: (profile) => [...chromiumFlags, `--user-data-dir=${profile}`],
  "firefox-esr": (profile) => ["--headless", "--no-remote", "--profile", profile],
};

/** Firefox: no pages of its own, and nobody outside is asked. */
const preferences = {
  "browser.aboutwelcome.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "toolkit.telemetry.reportingpolicy.firstRun": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,",
  "app.normandy.enabled": false,
};
const milliseconds = 400_000;

export interface Page {
  /** Whether it may share memory with its workers. */
  readonly isolated: boolean;
  readonly parts: readonly Circumstances[];
}

/** Throws where there is no such browser, where it ends before the page has reported, and what the page has thrown. */
export async function inPage(name: BrowserName, { isolated, parts }: Page): Promise<Trained> {
  const program = executable(name);
  let receive: (text: string) => void = () => undefined;
  const reported = new Promise<string>((resolve) => {
    receive = resolve;
  });
  const site = await serve(isolated, { script: "/test/same/page.js", receive: (text) => receive(text) });
  const profile = newProfile();
  const address = `${site.url}?parts=${encodeURIComponent(JSON.stringify(parts))}`;
  const browser = spawn(program, [...flags[name](profile), address], { stdio: ["ignore", "ignore", "pipe"] });
  try {
    const report = JSON.parse(await Promise.race([reported, failure(browser, name)])) as PageReport;
    if ("error" in report) throw new Error(`${name}: ${report.error}`);
    return { ...report, device: `${report.device}, ${report.engine}` };
  } finally {
    site.close();
    await stopped(browser);
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }); // its processes end one by one
  }
}

function newProfile(): string {
  const profile = mkdtempSync(join(tmpdir(), "unroll-browser-"));
  const lines = Object.entries(preferences).map(
    ([key, value]) => `user_pref("${key}", ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(profile, "user.js"), lines.join(""));
  return profile;
}

/** Rejects when the browser ends by itself, or takes too long. */
function failure(browser: ChildProcess, name: string): Promise<never> {
  let said = "";
  browser.stderr?.on("data", (chunk) => {
    said = `${said}${chunk}`.slice(-2000);
  });
  return new Promise((_, reject) => {
    const fail = (what: string): void => reject(new Error(`${name} ${what}\n${said}`));
    setTimeout(() => fail(`has not reported in ${milliseconds / 1000} s`), milliseconds).unref();
    browser.once("exit", (code) => fail(`ended with code ${code}`));
  });
}

async function stopped(browser: ChildProcess): Promise<void> {
  if (browser.exitCode !== null || browser.signalCode !== null) return;
  const exit = new Promise((resolve) => {
    browser.once("exit", resolve);
  });
  browser.kill("SIGKILL");
  await exit;
}
