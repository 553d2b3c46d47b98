#!/bin/sh
# Installs what the benchmark compares with, beside this file: TensorFlow.js and ONNX Runtime for Node in node_modules,
# PyTorch and JAX for the CPU in .venv. Each may be left out: what is missing is not compared with.
#
#   sh bench/peers/setup.sh [node] [python]      (default: both)
#
# Then: npm run bench -- --peers
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
cd "$here"
[ $# -gt 0 ] || set -- node python
for part in "$@"; do
  case $part in
    node) npm ci --no-audit --no-fund ;;
    python)
      python3 -m venv .venv
      echo "*" > .venv/.gitignore
      .venv/bin/python -m pip install --quiet "torch==2.13.0" jax jaxlib numpy
      .venv/bin/python -c 'import importlib.metadata as m
for name in ("torch", "jax", "jaxlib", "numpy"): print(name, m.version(name))'
      ;;
    *) echo "setup.sh: node or python, not $part" >&2; exit 2 ;;
  esac
done
