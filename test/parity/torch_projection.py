"""LSTM layers with proj_size of PyTorch, in float64, for test/parity/projection.json.

Run (see setup.sh):  .venv-parity/bin/python -B test/parity/torch_projection.py

The cases are those of torch_cases.py; the projection's kernel stands behind the biases, [units, projection].
"""

import torch

from fixture import write
from torch_cases import Shape, layer_case

SHAPES = [
    Shape(1, 1, 1, 2, 1, "single", False, None, True, projection=1),
    Shape(2, 3, 2, 4, 1, "double", True, None, True, projection=3),
    Shape(3, 5, 3, 5, 1, "none", False, [5, 2, 4], True, projection=2),
    Shape(4, 6, 2, 9, 1, "single", True, [1, 6, 3, 6], False, projection=4),
    Shape(2, 7, 4, 6, 1, "double", False, [7, 3], True, projection=5),
    Shape(3, 4, 1, 3, 1, "none", True, None, True, projection=1),
]

if __name__ == "__main__":
    header = {"made": {"torch": torch.__version__.split("+")[0]}}
    write("projection.json", header, {"cases": [layer_case(7000 + k, "lstm", shape) for k, shape in enumerate(SHAPES)]})
