/**
 * The built library in Debian's Chromium, in a page that is cross-origin isolated and in one that is not: it trains
 * and predicts, strict mode gives Node's bits, and the page stays alive. The last line: N passed, N failed.
 */
import { type Browser, chromium, type Page } from "playwright-core";
import { wasmDevice } from "../../src/core/run/wasmDevice.ts";
import { chromiumFlags, executable } from "./executable.ts";
import { hashOf, trainLstm } from "./lstm.ts";
import { fitModel } from "./model.ts";
import type { Report } from "./page.ts";
import { serve } from "./server.ts";

const limit = 60_000;

type Hashes = Report["hashes"];
interface Expected {
  readonly core: Hashes;
  readonly model: Hashes;
}
interface Opened {
  readonly page: Page;
  readonly isolated: boolean;
  /** What the page wrote to its console, and its errors. */
  readonly said: readonly string[];
  readonly errors: readonly string[];
}

const counts = { passed: 0, failed: 0 };
function check(name: string, holds: boolean, shown = ""): void {
  counts[holds ? "passed" : "failed"]++;
  console.log(`${holds ? "passed" : "FAILED"}  ${name}${shown === "" ? "" : `: ${shown}`}`);
}

async function main(): Promise<void> {
  const expected = await inNode();
  const browser = await chromium.launch({
    executablePath: executable("chromium"),
    args: [...chromiumFlags],
    headless: true,
  });
  try {
    for (const isolated of [true, false]) await checkPages(browser, isolated, expected);
    await checkMissingWorker(browser);
    await checkStore(browser);
  } finally {
    await browser.close();
  }
}

async function inNode(): Promise<Expected> {
  const { weights, run } = await trainLstm(wasmDevice({ strict: true }));
  const fitted = await fitModel({ strict: true });
  const runHash = await hashOf(run);
  return {
    core: { weights: await hashOf(weights), run: runHash, runNow: runHash },
    model: {
      weights: await hashOf(fitted.weights),
      prediction: await hashOf([fitted.prediction]),
      session: await hashOf(fitted.session),
    },
  };
}

async function checkPages(browser: Browser, isolated: boolean, expected: Expected): Promise<void> {
  console.log(`\nA page that is ${isolated ? "" : "not "}cross-origin isolated`);
  const site = await serve(isolated);
  const page = await browser.newPage();
  const said: string[] = [];
  const errors: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => errors.push(error.message));
  page.setDefaultTimeout(limit);
  try {
    await page.goto(site.url);
    await checkPage({ page, isolated, said, errors }, expected);
  } catch (error) {
    check("the page works", false, [error, ...said, ...errors].join("\n"));
  } finally {
    await page.close();
    site.close();
  }
}

async function checkPage(opened: Opened, expected: Expected): Promise<void> {
  const { page, isolated, said, errors } = opened;
  check("isolation is as the headers say", (await page.evaluate("crossOriginIsolated")) === isolated);
  const strict = await reportOf(page, "core", true);
  check("an LSTM trains in strict mode", falls(strict.losses), shownLosses(strict));
  check(
    "its weights, run and runNow have the bits of Node",
    same(strict.hashes, expected.core),
    shownHashes(strict),
  );
  check("the page stays alive meanwhile", alive(strict), shownTimes(strict));
  const relaxed = await reportOf(page, "core", false);
  check("it trains in relaxed mode", falls(relaxed.losses), shownLosses(relaxed));
  check("the page stays alive meanwhile", alive(relaxed), shownTimes(relaxed));
  check("what runs at once has the bits of the worker", relaxed.hashes["run"] === relaxed.hashes["runNow"]);
  check(
    "more than one thread only where memory is shared",
    threadsOf(relaxed) === (isolated ? 2 : 1),
    relaxed.description,
  );
  const model = await reportOf(page, "model", true);
  check("a model is fitted", falls(model.losses), shownLosses(model));
  check(
    "its weights, predictions and session have the bits of Node",
    same(model.hashes, expected.model),
    shownHashes(model),
  );
  const hints = said.filter((line) => line.includes("Cross-Origin-Opener-Policy"));
  check("what is missing for threads is said once", hints.length === (isolated ? 0 : 1), hints.join(" | "));
  check("no errors", errors.length === 0, errors.join(" | "));
}

/** Files that are not served. */
async function checkMissingWorker(browser: Browser): Promise<void> {
  console.log("\nA page without the script of the worker");
  const site = await serve(false);
  const page = await browser.newPage();
  await page.route("**/deviceWorker.js", (route) => route.abort());
  await page.goto(site.url);
  const outcome = await reportOf(page, "core", true).then(() => "none", String);
  check(
    "the error says what is missing",
    outcome.includes("the worker of this page"),
    outcome.split("\n")[0],
  );
  await page.close();
  site.close();
}

/** A folder of the store belongs to one training, of whichever page, until it ends or its page is closed. */
async function checkStore(browser: Browser): Promise<void> {
  console.log("\nTwo pages, one folder");
  const site = await serve(false);
  const context = await browser.newContext();
  const [first, second] = [await context.newPage(), await context.newPage()];
  const call = (page: Page, name: "begin" | "goOn" | "saveOther"): Promise<string | number> =>
    page.evaluate(`import("/test/browser/store.js").then((store) => store.${name}())`);
  for (const page of [first, second]) await page.goto(site.url);
  check("a training begins", (await call(first, "begin")) === "trains");
  for (const [name, page] of Object.entries({ "the same page": first, "another page": second })) {
    const told = String(await call(page, "begin"));
    check(`a second one of ${name} is refused`, told.includes("a folder that nobody else writes to"), told);
    const saved = String(await call(page, "saveOther"));
    check(
      `and so is another model's save of ${name}`,
      saved.includes("that another model is saved to"),
      saved,
    );
  }
  await first.close();
  // The browser lets go a moment after the page is gone.
  await second.waitForFunction("navigator.locks.query().then(({ held }) => held.length === 0)");
  const epoch = await call(second, "goOn");
  check("when its page is closed, another goes on from its checkpoint", Number(epoch) > 0, `epoch ${epoch}`);
  check("and another model is saved there when it has ended", (await call(second, "saveOther")) === "saved");
  await context.close();
  site.close();
}

/** The report of one of the functions in page.ts. */
async function reportOf(page: Page, name: "core" | "model", strict: boolean): Promise<Report> {
  const call = `import("/test/browser/page.js").then((page) => page.${name}({ strict: ${strict}, threads: 2 }))`;
  const timer = AbortSignal.timeout(limit);
  const late = new Promise<never>((_, reject) => {
    timer.addEventListener("abort", () => reject(new Error(`${name}: no answer in ${limit / 1000} s`)));
  });
  return Promise.race([page.evaluate<Report>(call), late]);
}

const falls = (losses: readonly number[]): boolean => (losses.at(-1) ?? Number.NaN) < 0.95 * (losses[0] ?? 0);
const same = (own: Hashes, others: Hashes): boolean =>
  Object.keys(others).every((name) => own[name] === others[name]);
/** A page that waited would tick once, at the end. */
const alive = ({ total, longest }: Report): boolean => longest < total / 2;
const threadsOf = ({ description }: Report): number => Number(/(\d+) thread/.exec(description)?.[1]);

const shownLosses = ({ losses }: Report): string =>
  `loss ${losses[0]?.toFixed(4)} to ${losses.at(-1)?.toFixed(4)}`;
const shownHashes = ({ hashes }: Report): string =>
  Object.entries(hashes)
    .map(([name, hash]) => `${name} ${hash}`)
    .join(", ");
const shownTimes = ({ total, longest }: Report): string =>
  `${total.toFixed(0)} ms, the longest standstill ${longest.toFixed(0)} ms`;

await main().catch((error: unknown) => check("the browser starts", false, String(error)));
console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 ? 0 : 1);
