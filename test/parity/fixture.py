"""What the generators share: exact start values, rounding, one case a line in the file, and answers to test/peers."""

import json
import pathlib
import sys

import numpy as np


def grid(rng, shape, low=-1.0, high=1.0):
    """Multiples of 1/32 in [low, high): exactly the same number in float32 and in float64."""
    return rng.integers(int(low * 32), int(high * 32), size=shape) / 32.0


def plain(value, number=float):
    """Arrays to nested lists, every number through `number`; lists, tuples and records are walked."""
    if isinstance(value, dict):
        return {key: plain(item, number) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, number) for item in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return number(value)
    return plain(np.asarray(value).tolist(), number)


def short(number):
    """To 9 significant digits."""
    number = float(f"{number:.9g}")
    return int(number) if number == int(number) else number


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
    return json.dumps(plain(value, short), separators=(",", ":"), allow_nan=False)


def answer(make):
    """Prints what `make` makes of the question on standard input, every digit of it: see test/peers/python.ts."""
    json.dump(plain(make(json.load(sys.stdin))), sys.stdout, separators=(",", ":"), allow_nan=False)
