#!/bin/sh
# Pin pyproject.toml into the requirements files: exact versions, every hash, one file for all platforms and Pythons.
# Usage: lock.sh [--upgrade | --upgrade-package NAME]    without an option, pins that still fit are kept.
set -eu
cd "$(dirname "$0")/.."

uv=$(command -v .venv/bin/uv || command -v uv) || {
    echo "make lock needs uv, which nothing else here does. Try: .venv/bin/pip install uv" >&2
    exit 1
}

pin() {
    target=$1
    shift
    "$uv" pip compile pyproject.toml --no-config --universal --python-version 3.11 --generate-hashes --no-header \
        --no-annotate --no-emit-index-url --no-emit-find-links --quiet --output-file "$target" "$@" >/dev/null
    { echo "# Written by \`make lock\` from pyproject.toml. Do not edit."; cat "$target"; } >"$target.new"
    mv "$target.new" "$target"
}

pin requirements.txt --group build "$@"
# The second file holds all of the first, at the same versions, so that one install is enough for tests.
pin requirements-dev.txt --group build --group dev --constraints requirements.txt "$@"
