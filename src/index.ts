/** Every public name, by hand, grouped by floor. Nothing inside src/ imports this file. */

export { type ErrorFacts, UnrollError } from "./errors.ts";
