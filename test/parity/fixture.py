"""What the three generators share: exact start values, rounding, and one case a line in the file."""

import json
import pathlib

import numpy as np


def grid(rng, shape, low=-1.0, high=1.0):
    """Multiples of 1/32 in [low, high): exactly the same number in float32 and in float64."""
    return rng.integers(int(low * 32), int(high * 32), size=shape) / 32.0


def rounded(value):
    """Arrays to nested lists, every number to 9 significant digits; lists, tuples and records are walked."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        short = float(f"{value:.9g}")
        return int(short) if short == int(short) else short
    return rounded(np.asarray(value).tolist())


def write(name, header, lists):
    """Writes `name` beside this file: the records of `header`, then lists of cases, one case a line."""
    parts = [f"{json.dumps(key)}: {dense(value)}" for key, value in header.items()]
    for key, cases in lists.items():
        lines = ",\n".join(dense(case) for case in cases)
        parts.append(f"{json.dumps(key)}: [\n{lines}\n]")
    path = pathlib.Path(__file__).with_name(name)
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n")
    print(name, *(f"{len(cases)} {key}" for key, cases in lists.items()), f"{path.stat().st_size} bytes")


def dense(value):
    return json.dumps(rounded(value), separators=(",", ":"), allow_nan=False)
