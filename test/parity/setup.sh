#!/bin/sh
# Makes the Python environment the parity fixtures are generated with.
#
#   sh test/parity/setup.sh [folder]      (default: .venv-parity in the repository root, git-ignored)
#
# Then, in the repository root:
#   <folder>/bin/python -B test/parity/torch_cases.py        writes test/parity/torch.json
#   <folder>/bin/python -B test/parity/torch_distributions.py writes test/parity/distributions.json
#   <folder>/bin/python -B test/parity/torch_projection.py   writes test/parity/projection.json
#   <folder>/bin/python -B test/parity/torch_ctc.py          writes test/parity/ctc.json
#   <folder>/bin/python -B test/parity/keras_optimizers.py   writes test/parity/optimizers.json
#   <folder>/bin/python -B test/parity/keras_layers.py       writes test/parity/keras.json
#   <folder>/bin/python -B test/parity/keras_convolution.py writes test/parity/keras-convolution.json
#   <folder>/bin/python -B test/parity/keras_attention.py  writes test/parity/keras-attention.json
#   <folder>/bin/python -B test/parity/keras_images.py     writes test/parity/keras-images.json
# The JSON files are committed: the test suite itself needs no Python.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
folder=${1:-"$root/.venv-parity"}
python3 -m venv "$folder"
echo "*" > "$folder/.gitignore"
"$folder/bin/python" -m pip install --quiet "torch==2.13.0" numpy keras jax
"$folder/bin/python" -c 'import importlib.metadata as m
for name in ("torch", "numpy", "keras", "jax"): print(name, m.version(name))'
