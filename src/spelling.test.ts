import { expect, test } from "vitest";
import { nearest } from "./spelling.ts";

const optimizers = ["sgd", "rmsprop", "adagrad", "adadelta", "adam", "adamw", "nadam"];

test.each([
  ["rmsporp", "rmsprop"], // two neighbours exchanged
  ["rmsprp", "rmsprop"], // one left out
  ["adaamw", "adamw"], // one too many
  ["adedelta", "adadelta"], // one replaced
  ["RMSProp", "rmsprop"], // letter case does not count
  ["sdg", "sgd"],
])("%s was meant as %s", (typed, meant) => {
  expect(nearest(typed, optimizers)).toBe(meant);
});

test.each(["lbfgs", "x", "", "momentum"])("nothing is near %j", (typed) => {
  expect(nearest(typed, optimizers)).toBeUndefined();
});

test("of equally near names the first is given, and an exact one before all", () => {
  expect(nearest("bat", ["cat", "hat"])).toBe("cat");
  expect(nearest("hat", ["cat", "hat"])).toBe("hat");
});

test("names in use elsewhere are known", () => {
  expect(nearest("lr", ["learningRate", "rho"])).toBe("learningRate");
  expect(nearest("MSE", ["huber", "meanSquaredError"])).toBe("meanSquaredError");
  expect(nearest("mse", ["mse", "meanSquaredError"])).toBe("mse");
  expect(nearest("mse", ["huber"])).toBeUndefined();
});

test("an empty list has no nearest name", () => {
  expect(nearest("adam", [])).toBeUndefined();
});
