"""The Python end of the line (the other: child.ts): a JSON object a line in, one out. What a job is, says jobs.ts."""

import json
import sys
import time

import numpy as np

PUSHES = 200
LEARNING_RATE = 1e-7


class Cannot(Exception):
    """A job that this peer has nothing for."""


class Job:
    """Sizes and data of a job; arrays as this library has them: batch first, Keras's layout and order of gates."""

    def __init__(self, ask):
        self.cell, self.what = ask["cell"], ask["what"]
        self.features, self.units = ask["features"], ask["units"]
        self.batch, self.steps = ask["batch"], ask["steps"]
        self.last, self.flush = ask["last"], ask["flush"]
        read = lambda name: np.fromfile(f"{ask['folder']}/{name}.bin", np.float32)
        gates = {"LSTM": 4, "own": 4, "GRU": 3, "RNN": 1}[self.cell]
        self.x = read("x").reshape(self.batch, -1, self.features)
        self.upstream = read("upstream").reshape(self.batch, -1, self.units)
        self.kernel = read("weight0").reshape(self.features, gates * self.units)
        self.recurrent = read("weight1").reshape(self.units, gates * self.units)
        self.bias = read("weight2").reshape(-1, gates * self.units)
        self.rate = ask["rate"]


def best(variants, tries=5, patience=400):
    """The fastest of named functions, each tried after one run: so many times, or milliseconds, at most."""
    def cost(run):
        run()
        times = [timed(run)]
        while len(times) < tries and sum(times) < patience:
            times.append(timed(run))
        return min(times)

    name, run = min(variants.items(), key=lambda entry: cost(entry[1]))
    return name, run


def timed(run):
    begun = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - begun)


def answer(version, prepare):
    """`prepare(job)` gives the sums that are compared, the name of the best setting, and what a run is."""
    out = sys.stdout
    sys.stdout = sys.stderr
    tell = lambda value: print(json.dumps(value), file=out, flush=True)
    tell({"version": version})
    run = None
    for line in sys.stdin:
        ask = json.loads(line)
        if ask["ask"] == "end":
            return
        try:
            if ask["ask"] == "prepare":
                sums, setting, run = prepare(Job(ask))
                tell({"sums": [float(value) for value in sums], "setting": setting})
            else:
                run()
                tell({"times": [timed(run) for _ in range(ask["runs"])]})
        except Cannot as why:
            tell({"cannot": str(why)})
        except Exception as error:
            tell({"error": repr(error)})
