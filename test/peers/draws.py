"""Choices at random, in Python's own numbers, for the scripts that draw cases."""


def choice(rng, options):
    return options[rng.integers(len(options))]


def chance(rng, probability=0.5):
    return bool(rng.random() < probability)


def whole(rng, low, high):
    """From low to high, both included."""
    return int(rng.integers(low, high + 1))


def some_lengths(rng, batch, steps):
    """The steps of each row, all of them in one row at least; in half of the cases None: all in every row."""
    if chance(rng):
        return None
    lengths = rng.integers(1, steps + 1, batch)
    lengths[rng.integers(batch)] = steps
    return lengths.tolist()
