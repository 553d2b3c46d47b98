#!/bin/sh
# Makes the Python environment of the outside systems: PyTorch, Keras on JAX, ONNX Runtime (requirements.txt).
# Done before with the same requirements, it ends at once. `npm run test:peers` begins with it.
#
#   sh test/parity/setup.sh [folder]      (default: .venv-parity in the repository root, git-ignored)
#
# The fixtures of `npm test` are generated with it, in the repository root:
#   <folder>/bin/python -B test/parity/torch_cases.py        writes test/parity/torch.json
#   <folder>/bin/python -B test/parity/torch_distributions.py writes test/parity/distributions.json
#   <folder>/bin/python -B test/parity/torch_projection.py   writes test/parity/projection.json
#   <folder>/bin/python -B test/parity/torch_ctc.py          writes test/parity/ctc.json
#   <folder>/bin/python -B test/parity/keras_optimizers.py   writes test/parity/optimizers.json
#   <folder>/bin/python -B test/parity/keras_layers.py       writes test/parity/keras.json
#   <folder>/bin/python -B test/parity/keras_convolution.py writes test/parity/keras-convolution.json
#   <folder>/bin/python -B test/parity/keras_attention.py  writes test/parity/keras-attention.json
#   <folder>/bin/python -B test/parity/keras_images.py     writes test/parity/keras-images.json
# The JSON files are committed: `npm test` needs no Python.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
folder=${1:-"$here/../../.venv-parity"}
made="$folder/requirements.txt" # written last: what is in the folder
cmp -s "$here/requirements.txt" "$made" && exit 0
python3 -m venv "$folder"
echo "*" > "$folder/.gitignore"
"$folder/bin/python" -m pip install --quiet --requirement "$here/requirements.txt"
cp "$here/requirements.txt" "$made"
