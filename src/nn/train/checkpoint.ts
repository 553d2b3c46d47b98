/**
 * A model in a folder, with all that its training needs to go on as if it had never stopped.
 *
 *   model.safetensors   weights "lstm_1/kernel", slots "training.slots/momentum/lstm_1/kernel", states ...
 *   config.json         layers and calls, compile options, counters and place of the training, device; and the
 *                       size and checksum of the other file
 *
 * What is read is checked field by field and never run; layers are made by their public functions.
 */
import { holdFolder, readFolder, wholePath, writeFolder } from "#store";
import { inPlace, UnrollError } from "../../errors.ts";
import type { Cell } from "../cells/defineCell.ts";
import { allFinite } from "../float32.ts";
import { architectureOf, networkFrom } from "../model/architecture.ts";
import { checksum } from "../model/checksum.ts";
import { countAt, type Fields, fault, fieldsAt, jsonFrom, textAt } from "../model/fields.ts";
import type { Network } from "../model/network.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  type StoredTensor,
  type StoredTensors,
} from "../model/safetensors.ts";
import { checkOptions, record, shortened, spelt } from "../options.ts";
import { compileConfigFrom } from "./compileConfig.ts";
import { lower } from "./fault.ts";
import type { FitOptions } from "./fitOptions.ts";
import { learnerIn } from "./learning.ts";
import { refuseUnless } from "./refuse.ts";
import { restoreTraining, savedTraining } from "./saved.ts";
import type { TrainingState } from "./state.ts";
import { restoreDevice, trainedOn } from "./trainedOn.ts";
import { carriedConfig, extra, restoreCarried, stateConfig, stateFrom } from "./trainingConfig.ts";

type Files = ReadonlyMap<string, Uint8Array>;
export interface LoadOptions {
  /** The cells of your own that the model is made with: a file holds their names and options, not their equations. */
  readonly cells?: readonly Cell[];
}

const format = "unroll-model";
const version = 1;
const configFile = "config.json";
const dataFile = "model.safetensors";
/** In the order of writing: the one that tells of the other comes last. */
const fileNames = [dataFile, configFile] as const;
const mostConfig = 2 ** 28;
const configNames = ["format", "version", "data", "model", "training", "carried", "device"];

/** Saves a network as it is when this is called. Where a weight is not finite, the folder keeps what it has. */
export async function saveNetwork(network: Network, path: string): Promise<void> {
  checkPath("model.save(path)", path);
  await writeFolder(path, filesOf(network), network);
}

function checkPath(where: string, path: unknown): void {
  if (typeof path === "string" && path !== "") return;
  const got = typeof path === "string" ? "an empty text" : path === undefined ? "none" : typeof path;
  throw new UnrollError({ where, expected: "a path", got, fix: "Give the path of a folder." });
}

/** Throws an UnrollError for weights, slots or states that are not finite. */
export function filesOf(network: Network): Files {
  const training = savedTraining(network);
  const tensors = new Map<string, StoredTensor>();
  const model = architectureOf(network);
  for (const { name, shape, value } of network.variables)
    tensors.set(name, { dtype: "F32", shape, data: value });
  const slots = Object.keys(learnerIn(network)?.compiled.optimizer.slots ?? {});
  const config = {
    format,
    version,
    model,
    training: training && {
      compile: training.config,
      ...stateConfig(training.state, network, slots, tensors),
    },
    carried: carriedConfig(network.carried, tensors),
    device: trainedOn(network),
  };
  const wrong = notFinite(tensors);
  refuseUnless(wrong === undefined, {
    where: "model.save(path)",
    expected: "finite numbers",
    got: `others in the weight or state ${spelt(wrong)}, after step ${learnerIn(network)?.state.step ?? 0}`,
    fix: `Nothing was written: a model saved there before is still there. ${lower}`,
  });
  const data = encodeSafetensors(tensors, { format });
  const about = { file: dataFile, bytes: data.length, crc32: checksum(data) };
  const text = JSON.stringify({ ...config, data: about }, null, 1);
  return new Map([
    [dataFile, data],
    [configFile, new TextEncoder().encode(`${text}\n`)],
  ]);
}

/** The first tensor with a number that is not finite; what callbacks keep is their own affair. */
const notFinite = (tensors: StoredTensors): string | undefined =>
  [...tensors].find(
    ([name, { data }]) => data instanceof Float32Array && !name.startsWith(`${extra}run`) && !allFinite(data),
  )?.[0];

/** Throws an UnrollError that names file and field. */
export async function loadNetwork(path: string, options: LoadOptions = {}): Promise<Network> {
  checkPath("loadModel(path)", path);
  const areCells = (x: unknown): boolean => Array.isArray(x) && [...x].every(record.holds);
  checkOptions("loadModel", options, { cells: { expected: "an array of cells", holds: areCells } });
  const files = await readFolder(path, fileNames);
  if (files.has(configFile)) return networkFromFiles(files, path, options);
  throw new UnrollError({
    where: `loadModel(${JSON.stringify(path)})`,
    expected: "a folder written by model.save(path)",
    got: `none with a ${configFile}`,
    fix: "Check the path, or save a model there first.",
  });
}

export function networkFromFiles(files: Files, path: string, { cells = [] }: LoadOptions = {}): Network {
  const { config, tensors, where } = contentOf(files, path);
  const weights = new Map([...tensors].filter(([name]) => !name.startsWith(extra)));
  const network = networkFrom(config["model"], { cells, weights }, `${where}, model`);
  restoreCarried(config["carried"], network, tensors, `${where}, carried`);
  restore(network, config["training"], tensors, `${where}, training`);
  restoreDevice(network, config["device"], `${where}, device`);
  return network;
}

interface Content {
  readonly config: Fields;
  readonly tensors: StoredTensors;
  readonly where: string;
}

function contentOf(files: Files, path: string): Content {
  const where = `${path}/${configFile}`;
  const bytes = files.get(configFile) ?? new Uint8Array();
  if (bytes.length > mostConfig) throw fault(where, `at most ${mostConfig} bytes`, `${bytes.length}`);
  const config = fieldsAt(jsonFrom(bytes, where), where);
  textAt(config["format"], `${where}, format`, [format]);
  const found = countAt(config["version"], `${where}, version`);
  if (found !== version) throw otherVersion(where, found);
  fieldsAt(config, where, configNames);
  const about = fieldsAt(config["data"], `${where}, data`, ["file", "bytes", "crc32"]);
  textAt(about["file"], `${where}, data.file`, [dataFile]);
  const data = files.get(dataFile);
  const place = `${path}/${dataFile}`;
  if (data === undefined) throw fault(place, "the file that config.json tells of", "none");
  const length = countAt(about["bytes"], `${where}, data.bytes`);
  if (data.length !== length) throw fault(place, `${length} bytes, as ${configFile} says`, `${data.length}`);
  const sum = checksum(data);
  const told = shortened(textAt(about["crc32"], `${where}, data.crc32`));
  if (sum !== told) throw fault(place, `the checksum ${told} of ${configFile}`, sum);
  const { tensors } = decodeSafetensors(data, place);
  const wrong = notFinite(tensors);
  if (wrong !== undefined) throw fault(`${place}, tensor ${spelt(wrong)}`, "finite numbers", "others");
  return { config, tensors, where };
}

function otherVersion(where: string, found: number): UnrollError {
  return new UnrollError({
    where: `${where}, version`,
    expected: `${version}`,
    got: `${found}`,
    fix: "The model was saved by another version of Unroll: load it with that one.",
  });
}

function restore(network: Network, config: unknown, tensors: StoredTensors, where: string): void {
  if (config === null) return;
  const { compile, ...rest } = fieldsAt(config, where);
  const state = stateFrom(rest, network, tensors, where);
  if (compile === null) return;
  const checked = compileConfigFrom(compile, network.outputs.length, `${where}.compile`);
  inPlace(`${where}.compile`, () => restoreTraining(network, { config: checked, state, carried: {} }));
  refuseOtherSlots(network, slotsIn(rest), (slots, got) =>
    fault(`${where}.slots`, `those of the optimizer: ${slots}`, got),
  );
}

const slotsIn = (config: Fields): readonly unknown[] => config["slots"] as readonly unknown[]; // checked by stateFrom

type Told = (slots: string, got: string) => UnrollError;

function refuseOtherSlots(network: Network, saved: readonly unknown[], told: Told): void {
  const own = Object.keys(learnerIn(network)?.compiled.optimizer.slots ?? {});
  const [asked, found] = [own, saved].map((names) => names.join(", ") || "none") as [string, string];
  if (asked !== found) throw told(asked, shortened(found));
}

/** Trains while the folders that it saves to are its own; with `resume` it goes on with the checkpoint there. */
export async function inItsFolders<T>(
  network: Network,
  { checkpoint, callbacks = [], resume }: FitOptions,
  train: () => Promise<T>,
): Promise<T> {
  const path = checkpoint?.path;
  refuseShared([{ saves: true, writes: path }, ...callbacks]);
  const begin = async (): Promise<T> => {
    if (resume === true && path !== undefined) await takeUp(network, path);
    return train();
  };
  const folders = new Set(
    [path, ...callbacks.map(({ savesTo }) => savesTo)].filter((one) => one !== undefined),
  );
  const work = [...folders].reduce((inner, folder) => () => holdFolder(folder, network, inner), begin);
  return work();
}

/** Throws where two would replace each other's files: a model is a folder and its files. */
function refuseShared(writers: readonly { saves?: boolean; writes?: string | undefined }[]): void {
  const places = writers.flatMap(({ saves = false, writes }) => {
    const files = saves ? fileNames.map((name) => `${writes}/${name}`) : [];
    return typeof writes === "string" ? [writes, ...files].map(wholePath) : [];
  });
  const twice = places.find((place, k) => places.indexOf(place) < k);
  refuseUnless(twice === undefined, {
    where: "model.fit({ checkpoint, callbacks })",
    expected: "a path of its own for checkpoint and for each callback that writes",
    got: `two that write ${twice}`,
    fix: "Give one of them another path.",
  });
}

/**
 * Takes up the checkpoint at `path`, where there is one: weights, optimizer and place in the training. The network is
 * compiled and was not trained since; it may have losses and schedules of the user's own, which no file holds.
 */
async function takeUp(network: Network, path: string): Promise<void> {
  const learner = learnerIn(network);
  if (learner === null || learner.state.step > 0 || learner.state.run !== null) return;
  const files = await readFolder(path, fileNames);
  if (!files.has(configFile)) return;
  const { config, tensors, where } = contentOf(files, path);
  const { compile: _, ...rest } = fieldsAt(config["training"], `${where}, training`);
  const values = network.variables.map((variable) => valueFor(variable, tensors, path));
  const state: TrainingState = stateFrom(rest, network, tensors, `${where}, training`);
  refuseOtherSlots(network, slotsIn(rest), (slots, got) =>
    otherModel(path, `a checkpoint of this optimizer, whose slots are ${slots}`, got),
  );
  restoreCarried(config["carried"], network, tensors, `${where}, carried`);
  restoreDevice(network, config["device"], `${where}, device`);
  network.variables.forEach((variable, k) => {
    variable.value = values[k] ?? variable.value;
  });
  network.version++;
  learner.state = state;
}

function valueFor(
  { name, shape }: Network["variables"][number],
  tensors: StoredTensors,
  path: string,
): Float32Array {
  const found = tensors.get(name);
  if (found?.data instanceof Float32Array && found.shape.join() === shape.join()) return found.data;
  const got = found === undefined ? "one without it" : `[${found.shape.join(", ")}]`;
  throw otherModel(path, `a checkpoint of this model, with "${name}" [${shape.join(", ")}]`, got);
}

function otherModel(path: string, expected: string, got: string): UnrollError {
  const fix = "Resume with the model and the optimizer that the checkpoint is of, or choose another path.";
  return new UnrollError({ where: `model.fit({ resume: true }), ${path}`, expected, got, fix });
}
