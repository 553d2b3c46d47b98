/**
 * `npm run example -- NAME` runs examples/NAME/main.ts, which `npm run tools` compiled; without a name it lists them,
 * each with the first line of what it says about itself.
 */
import { pathToFileURL } from "node:url";
import { nearest } from "../src/spelling.ts";
import { isMain, readSources, type Source } from "./source.ts";

export interface Example {
  readonly name: string;
  /** The first sentence of its header. */
  readonly about: string;
}

const place = /^examples\/([^/]+)\/main\.ts$/;

/** The examples among the sources, in order of name. */
export function examplesOf(sources: readonly Source[]): readonly Example[] {
  return sources.flatMap(({ path, comments }) => {
    const name = place.exec(path)?.[1];
    return name === undefined ? [] : [{ name, about: firstSentence(comments[0]?.value ?? "") }];
  });
}

function firstSentence(comment: string): string {
  const text = comment.replaceAll(/^\s*\*+ ?/gm, "").trim();
  const [first = ""] = text.split(/(?<=\.)\s/, 1);
  return first.replaceAll(/\s+/g, " ");
}

/** What to say to a name that none of the examples has. */
export function unknownExample(name: string, examples: readonly Example[]): string {
  const names = examples.map((example) => example.name);
  const meant = nearest(name, names);
  return `There is no example "${name}". ${meant ? `Did you mean "${meant}"?` : `There are: ${names.join(", ")}.`}`;
}

async function runExample(name: string | undefined, examples: readonly Example[]): Promise<void> {
  if (name === undefined) {
    const width = Math.max(...examples.map((example) => example.name.length));
    for (const example of examples) console.log(`${example.name.padEnd(width)}  ${example.about}`);
    console.log("\nRun one: npm run example -- NAME");
  } else if (examples.some((example) => example.name === name)) {
    await import(pathToFileURL(`dist-tools/examples/${name}/main.js`).href);
  } else {
    console.error(unknownExample(name, examples));
    process.exitCode = 2;
  }
}

if (isMain(import.meta.url)) await runExample(process.argv[2], examplesOf(readSources("examples")));
