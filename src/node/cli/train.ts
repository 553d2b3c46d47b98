/** `unroll train TASK`: one task a file. */
import type { Command } from "commander";
import { addTrainGenerate } from "./trainGenerate.ts";

export function addTrain(program: Command): void {
  const train = program.command("train").description("train a model for a task");
  addTrainGenerate(train);
}
