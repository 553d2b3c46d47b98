/**
 * JSON that keeps its grammar and loses its sense: values of another type, numbers beyond all bounds, names that objects
 * have from elsewhere, nesting without end, fields that are gone, renamed or there twice.
 */
import type { Dice } from "./dice.ts";

/** Text as it stands, for what no value prints as. */
class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
/** An object as its fields in order, of which two may have one name. */
class Fields {
  readonly pairs: [string, unknown][];
  constructor(pairs: [string, unknown][]) {
    this.pairs = pairs;
  }
}

function treeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(treeOf);
  if (typeof value !== "object" || value === null) return value;
  return new Fields(Object.entries(value).map(([name, one]) => [name, treeOf(one)]));
}

function printed(tree: unknown): string {
  if (tree instanceof Raw) return tree.text;
  if (Array.isArray(tree)) return `[${tree.map(printed).join(",")}]`;
  if (!(tree instanceof Fields)) return JSON.stringify(tree);
  return `{${tree.pairs.map(([name, one]) => `${JSON.stringify(name)}:${printed(one)}`).join(",")}}`;
}

const nested = (open: string, depth: number, close: string): Raw =>
  new Raw(`${open.repeat(depth)}1${close.repeat(depth)}`);

const names: readonly string[] = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "length",
  "then",
  "",
  "../../etc/passwd",
  "/etc/passwd",
  "$array",
  "$number",
  "\u0000",
  "\u001b[2J",
  "\ud800",
  "name?",
  "x".repeat(5000),
];
const numbers: readonly unknown[] = [
  0,
  1,
  2,
  3,
  7,
  64,
  -1,
  0.5,
  -0.5,
  1.5,
  4096,
  65_536,
  1e6,
  1e9,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
  1e21,
  1e-300,
  1.7e308,
  new Raw("-0"),
  new Raw("1e400"),
  new Raw("-1e400"),
];
const others: readonly unknown[] = [
  null,
  true,
  false,
  [],
  {},
  [[]],
  [null],
  [1, 2, 3],
  { input: 0 },
  { call: 0, output: "output" },
  { $array: "training.run" },
  { $number: "NaN" },
  { layer: "dense", options: { units: 1e9 } },
  { name: "constructor", options: {} },
  "x".repeat(5000),
  new Raw('{"__proto__":{"polluted":1}}'),
  new Raw('{"a":1,"a":{"a":[]}}'),
  new Raw('{"toString":1,"valueOf":2}'),
  new Raw("NaN"),
  new Raw(`[${"0,".repeat(3000)}0]`),
];

const brackets: readonly (readonly [open: string, close: string])[] = [
  ["[", "]"],
  ['{"a":', "}"],
  ['{"layer":"dense","options":{},"inner":', "}"],
];

function strange(dice: Dice): unknown {
  if (!dice.oneIn(40)) return treeOf(dice.pick(dice.pick([names, numbers, numbers, others])));
  const [open, close] = dice.pick(brackets);
  return nested(open, dice.pick([70, 70, 70, 70, 20_000]), close);
}

/** Where a value stands: an element of a list, or a field. */
interface Place {
  readonly inside: unknown[] | Fields;
  readonly at: number;
}

function placesIn(tree: unknown, found: Place[] = []): readonly Place[] {
  if (!Array.isArray(tree) && !(tree instanceof Fields)) return found;
  const values = Array.isArray(tree) ? tree : tree.pairs.map(([, value]) => value);
  values.forEach((value, at) => {
    found.push({ inside: tree, at });
    placesIn(value, found);
  });
  return found;
}

const valueAt = ({ inside, at }: Place): unknown =>
  inside instanceof Fields ? inside.pairs[at]?.[1] : inside[at];

function put({ inside, at }: Place, value: unknown): void {
  if (!(inside instanceof Fields)) inside[at] = value;
  else if (inside.pairs[at]) inside.pairs[at][1] = value;
}

/** The same value again, or another of its kind nearby. */
function nudged(value: unknown, dice: Dice): unknown {
  if (typeof value === "number")
    return dice.pick([value + 1, value - 1, -value, value * 2, value / 2, value * 1e9]);
  if (typeof value === "boolean") return !value;
  if (typeof value === "string")
    return dice.pick([`${value}_`, value.slice(1), value.toUpperCase(), dice.pick(names)]);
  return strange(dice);
}

type Change = (place: Place, dice: Dice, places: readonly Place[]) => void;
const changes: readonly Change[] = [
  (place, dice) => put(place, strange(dice)),
  (place, dice) => put(place, nudged(valueAt(place), dice)),
  (place, dice) => put(place, nudged(valueAt(place), dice)),
  (place, dice, places) => put(place, new Raw(printed(valueAt(dice.pick(places))))), // grafted from elsewhere
  ({ inside, at }) => void (inside instanceof Fields ? inside.pairs : inside).splice(at, 1),
  function twice({ inside, at }, dice) {
    if (inside instanceof Fields) inside.pairs.push([inside.pairs[at]?.[0] ?? "", strange(dice)]);
    else inside.splice(at, 0, new Raw(printed(inside[at])));
  },
  function named({ inside, at }, dice) {
    if (inside instanceof Fields && inside.pairs[at]) inside.pairs[at][0] = dice.pick(names);
    else (inside as unknown[]).reverse();
  },
  function added({ inside }, dice) {
    if (inside instanceof Fields) inside.pairs.push([dice.pick(names), strange(dice)]);
    else inside.push(strange(dice));
  },
];

/** The text of JSON after one to three changes. */
export function changedJson(text: string, dice: Dice): string {
  const tree = treeOf(JSON.parse(text));
  for (let left = 1 + dice.below(3); left > 0; left--) {
    const places = placesIn(tree);
    if (places.length === 0) break;
    dice.pick(changes)(dice.pick(places), dice, places);
  }
  return dice.oneIn(100) ? printed(strange(dice)) : printed(tree);
}
