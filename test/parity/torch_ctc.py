"""CTC of PyTorch, in float64, for test/parity/ctc.json: the loss of each row and the gradient of their mean.

Run (see setup.sh):  .venv-parity/bin/python -B test/parity/torch_ctc.py

Logits are multiples of 1/32, so float32 and float64 readers start from the same numbers; frames behind the end of a
row are zero in logits and gradients. PyTorch's "mean" divides each row by its labels first; here it is the plain mean.
"""

import numpy as np
import torch
from torch.nn import functional as F

from fixture import grid, write

# frames of each row, labels of each row, classes, blank, largest logit
CASES = [
    ([1], [[1]], 2, 0, 2),
    ([3], [[]], 3, 0, 2),
    ([4, 4], [[1, 2], [2, 1]], 3, 0, 2),
    ([5, 3, 4], [[1, 1], [2], [1, 2, 1]], 3, 0, 2),
    ([6, 2, 6], [[0, 0, 1], [1], []], 3, 2, 2),
    ([5, 7], [[3, 3, 3], [3, 0, 2, 2]], 5, 1, 3),
    ([9, 8, 1, 5], [[1, 2, 3, 4, 5, 6, 7, 8, 9], [9, 9], [4], [3, 1]], 10, 0, 2),
    ([12, 10], [[1, 2, 1, 2, 1, 2, 1, 2, 1, 2], [2, 2, 2]], 3, 0, 4),
    ([40, 25, 33], [[5, 1, 1, 7, 2, 2, 3], [4, 4, 4, 4], [6, 5, 4, 3, 2, 1]], 8, 0, 20),
    ([80], [[1, 2, 3, 3, 2, 1, 1, 2, 3]], 4, 0, 30),
]


def case(seed, lengths, labels, classes, blank, largest):
    rng = np.random.default_rng(seed)
    logits = grid(rng, (len(lengths), max(lengths), classes), -largest, largest)
    for row, length in enumerate(lengths):
        logits[row, length:] = 0
    leaf = torch.tensor(logits, dtype=torch.double, requires_grad=True)
    losses = F.ctc_loss(
        F.log_softmax(leaf, dim=-1).movedim(0, 1),
        torch.tensor([label for row in labels for label in row], dtype=torch.long),
        torch.tensor(lengths),
        torch.tensor([len(row) for row in labels]),
        blank=blank,
        reduction="none",
    )
    losses.mean().backward()
    frames = "+".join(map(str, lengths))
    said = "+".join(str(len(row)) for row in labels)
    return {
        "name": f"frames {frames} labels {said} classes {classes} blank {blank} logits to {largest}",
        "blank": blank,
        "lengths": lengths,
        "labels": labels,
        "logits": logits,
        "losses": losses.detach(),
        "gradient": leaf.grad,
    }


if __name__ == "__main__":
    header = {"made": {"torch": torch.__version__.split("+")[0]}}
    write("ctc.json", header, {"cases": [case(70 + k, *one) for k, one in enumerate(CASES)]})
