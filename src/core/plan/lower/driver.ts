/** The function that runs a whole shard: sections in order, chunks of time, steps, each stage a call. */
import { widthOf } from "../../graph/shapes.ts";
import type { Replay } from "../checkpoint.ts";
import type { Stage } from "../fuse.ts";
import type { Loop } from "../place.ts";
import type { Expression, ProgramFunction } from "../program.ts";
import type { Slot, StagedSection, Stores } from "../store.ts";
import type { Carry } from "../values.ts";
import { lowerAccumulate } from "./accumulate.ts";
import { floatBytes, Place, stepAddress } from "./addresses.ts";
import { lowerCopy } from "./copy.ts";
import { operand } from "./elementwise.ts";
import { lengthsKey, rowsKey } from "./frame.ts";
import { int, loadInt, plus, times, Writer } from "./ir.ts";
import { type Domain, type Kernels, masked, overSites } from "./kernels.ts";
import { callAll, type Phases, runLoop } from "./loops.ts";
import { lowerMap, overFeatures } from "./map.ts";
import { lowerProduct } from "./product.ts";
import { lowerCopies, restoreName, saveName } from "./replay.ts";
import { lowerAlive, mayVanish } from "./skip.ts";

const lowerings = { map: lowerMap, product: lowerProduct, accumulate: lowerAccumulate, copy: lowerCopy };

/** All functions of a shard's run; the last is `run(frame)`. */
export function lowerSections(
  kernels: Kernels,
  staged: readonly StagedSection[],
  stores: Stores,
  replays: readonly Replay[],
): readonly ProgramFunction[] {
  const functions: ProgramFunction[] = [];
  const main = new Writer();
  const nameOf = new Map<Stage, string>();
  const lowered = (stages: readonly Stage[], domain: Omit<Domain, "rows" | "sites">): readonly string[] =>
    stages.map((stage) => {
      const name = `${stage.kind}_${functions.length}`;
      const { rows, sites } = stage;
      functions.push(lowerings[stage.kind](kernels, stage, { ...domain, rows, sites }, name));
      nameOf.set(stage, name);
      return name;
    });
  const sections = staged.map(({ section, phases }) => {
    if (section.kind === "once") {
      const names = lowered(phases.before, { steps: "once", time: null, reverse: false });
      return () => callAll(main, names, []);
    }
    const { time, reverse } = section;
    const before = lowered(phases.before, { steps: "chunk", time, reverse });
    const step = lowered(phases.step, { steps: "step", time, reverse });
    const after = lowered(phases.after, { steps: "chunk", time, reverse });
    const begin = beginStates(kernels, section, stores.carrySlot, `begin_${functions.length}`);
    if (begin !== null) functions.push(begin);
    const alive = mayVanish(section, kernels.values, stores) ? `alive_${functions.length}` : null;
    if (alive !== null) functions.push(lowerAlive(kernels, section, stores, alive));
    const saved = replays.findIndex(({ loop }) => loop === section);
    const save = saved < 0 ? null : saveName(saved);
    const again = replays.flatMap(({ reader, phases: stages }, k) =>
      reader === section ? [{ ...namesIn(stages, nameOf), restore: restoreName(k) }] : [],
    );
    return () => {
      if (begin !== null) callAll(main, [begin.name], []);
      runLoop(kernels, main, section, { before, step, after, alive, save, again });
    };
  });
  for (const { key, rows, stride } of kernels.sums)
    main.push({
      kind: "fill",
      address: kernels.frame.read(main, key),
      bytes: int(rows * stride * floatBytes),
    });
  for (const section of sections) section();
  functions.push(...replays.flatMap((replay, k) => lowerCopies(kernels, replay, k)));
  return [...functions, main.finish("run", ["frame"], true)];
}

function namesIn(phases: StagedSection["phases"], nameOf: ReadonlyMap<Stage, string>): Phases {
  const named = (stages: readonly Stage[]): readonly string[] =>
    stages.map((stage) => nameOf.get(stage) as string);
  return { before: named(phases.before), step: named(phases.step), after: named(phases.after) };
}

/** Puts the initial states where each row's first step reads them: a reverse loop begins at the row's last step. */
function beginStates(
  kernels: Kernels,
  loop: Loop,
  carrySlot: ReadonlyMap<Carry, Slot>,
  name: string,
): ProgramFunction | null {
  const carries = kernels.values.carries.filter(({ scan }) => scan === loop.scan);
  if (carries.length === 0) return null;
  const writer = new Writer();
  const { frame, lanes } = kernels;
  writer.loop(int(0), frame.read(writer, rowsKey), 1, (row) => {
    for (const carry of carries) {
      const slot = carrySlot.get(carry) as Slot;
      const width = widthOf(carry.state);
      const lengths = (): Expression =>
        loadInt(plus(frame.read(writer, lengthsKey(loop.time)), times(row, int(floatBytes))));
      const step = loop.reverse ? writer.set(lengths(), "int") : int(0);
      const target = writer.set(
        plus(
          stepAddress(writer, frame, slot.buffer, 0, step),
          times(row, int(slot.buffer.stride * floatBytes)),
        ),
        "int",
      );
      overSites(writer, slot.sites, (site) => {
        const to = writer.set(plus(target, times(site, int(slot.siteStride * floatBytes))), "int");
        overFeatures(writer, width, lanes, (feature) => {
          const at = { rows: "rows", sites: slot.sites, step: null, row, site, feature } as const;
          const place = new Place(writer, frame, lanes, at);
          const spot = { place, row: 0, vector: 0, width, made: new Map() };
          const value = masked(place, 0, width, operand(kernels, carry.initial, spot));
          const kind = width === 1 ? "storeFirst" : "store";
          writer.push({ kind, address: plus(to, feature), offset: slot.column * floatBytes, value });
        });
      });
    }
  });
  return writer.finish(name, ["frame"]);
}
