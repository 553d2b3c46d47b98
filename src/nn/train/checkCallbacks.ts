/** Callbacks are checked before training: one whose hooks are misspelt would never be called. */
import { nearest } from "../../spelling.ts";
import { type Checks, callable, checkOptions, flag, spelt } from "../options.ts";
import { type Callback, pathCheck } from "./callbacks.ts";
import { refuseUnless } from "./refuse.ts";

const hooks = ["onTrainBegin", "onEpochBegin", "onStepEnd", "onEpochEnd", "onTrainEnd"] as const;
/** What a callback may have; what else it keeps is its own. */
const checks: Checks = {
  ...Object.fromEntries([...hooks, "lastSaved", "getState", "setState"].map((name) => [name, callable])),
  saves: flag,
  savesTo: pathCheck,
  writes: pathCheck,
};

/** Throws an UnrollError for what is no object, and for a hook that there is not. One without hooks does nothing. */
export function checkCallbacks(callbacks: readonly Callback[]): void {
  for (const [k, callback] of (callbacks as readonly unknown[]).entries()) {
    const where = `model.fit({ callbacks }), callback ${k}`;
    refuseUnless(typeof callback === "object" && callback !== null, {
      where,
      expected: `an object with hooks: ${hooks.join(", ")}`,
      got: spelt(callback),
      fix: "Write { onEpochEnd: ({ logs }) => ... }; call a function that makes one.",
    });
    checkHooks(callback as Readonly<Record<string, unknown>>, where);
  }
}

function checkHooks(callback: Readonly<Record<string, unknown>>, where: string): void {
  const names = [...namesOf(callback)];
  const unknown = names.find(
    (name) => /^on/i.test(name) && !isHook(name) && typeof callback[name] === "function",
  );
  const meant = names.some(isHook) ? unknown : (unknown ?? names.find((name) => nearest(name, hooks)));
  const near = nearest(meant ?? "", hooks);
  const fix = near === undefined ? "Use one of these names." : `Did you mean "${near}"?`;
  const expected = `hooks: ${hooks.join(", ")}`;
  refuseUnless(meant === undefined, { where, expected, got: `"${meant}"`, fix });
  const own = Object.fromEntries(Object.keys(checks).map((name) => [name, callback[name]]));
  checkOptions(where, own, checks);
}

const isHook = (name: string): boolean => hooks.some((hook) => hook === name);

/** Its own names and those of its classes. */
function namesOf(callback: object): ReadonlySet<string> {
  const names = new Set<string>();
  for (let at: object = callback; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  return names;
}
