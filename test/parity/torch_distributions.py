"""Losses, means and deviations of distributions by torch.distributions, in float64, for test/parity/distributions.json.

Run (see setup.sh):  .venv-parity/bin/python -B test/parity/torch_distributions.py

The parameters of a prediction lie side by side as in src/nn/distributions. PyTorch has no quantiles: their loss is
the formula of Koenker and Bassett, their moments are those of the interpolated quantile function on a fine grid.
"""

import numpy as np
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from fixture import grid, write
from torch_cases import leaf


def gaussian(parameters, units):
    mean, log_deviation = parameters.split(units, dim=-1)
    return Independent(Normal(mean, log_deviation.exp()), 1)


def mixture(parameters, units, components):
    logits = parameters[..., :components]
    both = parameters[..., components:].unflatten(-1, (2, units, components)).transpose(-1, -2)
    means, logs = both.unbind(dim=-3)
    return MixtureSameFamily(Categorical(logits=logits), Independent(Normal(means, logs.exp()), 1))


def pinball(parameters, targets, units, probabilities):
    p = torch.tensor(probabilities)[:, None]
    errors = targets[..., None, :] - parameters.unflatten(-1, (len(probabilities), units))
    return torch.maximum(p * errors, (p - 1) * errors).mean(dim=(-1, -2))


def quantile_moments(parameters, units, probabilities):
    """Midpoints of a million equal parts of the probability."""
    parts = 10 ** 6
    at = (np.arange(parts) + 0.5) / parts
    rows = parameters.reshape(-1, len(probabilities), units)
    values = [[np.interp(at, probabilities, row[:, k]) for k in range(units)] for row in rows]
    shape = parameters.shape[:-1] + (units,)
    return np.mean(values, axis=-1).reshape(shape), np.std(values, axis=-1).reshape(shape)


# loss, units, what else there is, leading axes, weights of samples
CASES = [
    ("gaussianNll", 1, {}, (4,), False),
    ("gaussianNll", 3, {}, (3, 2), True),
    ("gaussianNll", 2, {}, (2, 3), False),
    ("mixtureNll", 1, {"components": 3}, (4,), True),
    ("mixtureNll", 2, {"components": 4}, (3, 2), False),
    ("mixtureNll", 3, {"components": 1}, (2, 2), False),
    ("mixtureNll", 2, {"components": 2}, (2, 3), True),
    ("pinball", 1, {"probabilities": [0.1, 0.5, 0.9]}, (4,), False),
    ("pinball", 2, {"probabilities": [0.05, 0.25, 0.5, 0.75]}, (3, 2), True),
    ("pinball", 3, {"probabilities": [0.5]}, (2, 2), False),
]


def width_of(name, units, options):
    if name == "gaussianNll":
        return 2 * units
    if name == "mixtureNll":
        return options["components"] * (1 + 2 * units)
    return units * len(options["probabilities"])


def case(seed, name, units, options, leading, weighted):
    rng = np.random.default_rng(seed)
    values = grid(rng, leading + (width_of(name, units, options),), -2, 2)
    targets = grid(rng, leading + (units,), -3, 3) + 1 / 64  # beside every kink
    weights = grid(rng, leading, 0, 2) if weighted else None
    parameters = leaf(values)
    if name == "pinball":
        losses = pinball(parameters, torch.tensor(targets), units, **options)
        mean, deviation = quantile_moments(values, units, **options)
    else:
        made = (gaussian if name == "gaussianNll" else mixture)(parameters, units, **options)
        losses = -made.log_prob(torch.tensor(targets))
        mean, deviation = made.mean.detach(), made.variance.sqrt().detach()
    loss = (losses * torch.tensor(1.0 if weights is None else weights)).sum() / losses.numel()
    loss.backward()
    return {
        "name": f"{name} {units} {' '.join(map(str, options.values()))} {'x'.join(map(str, leading))}",
        "kind": "loss",
        "options": {"loss": name} | options,
        "input": values,
        "targets": targets,
        "sampleWeight": weights,
        "outputs": loss.item(),
        "gradients": {"input": parameters.grad},
        "mean": mean,
        "standardDeviation": deviation,
    }


if __name__ == "__main__":
    header = {"made": {"torch": torch.__version__.split("+")[0]}}
    write("distributions.json", header, {"cases": [case(k, *one) for k, one in enumerate(CASES)]})
