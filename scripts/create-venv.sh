#!/bin/sh
# Make a virtual environment with a supported Python. Usage: [PYTHON=interpreter] create-venv.sh FOLDER
set -eu

folder=$1
candidates=${PYTHON:-python3.13 python3.12 python3.11 python3.14 python3}

for candidate in $candidates; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    version=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    if ! "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        rejected="${rejected:-}  $candidate is Python $version
"
        continue
    fi
    if ! "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
        rejected="${rejected:-}  $candidate is Python $version but cannot make environments (on Debian: install python$version-venv)
"
        continue
    fi
    echo "Making $folder with $candidate (Python $version) ..."
    # Half an environment would be taken for a whole one by the next run.
    trap 'rm -rf "$folder"' EXIT
    "$candidate" -m venv --clear "$folder"
    trap - EXIT
    exit 0
done

echo "Quarterdeck needs Python 3.11 or newer, with the venv module. Looked for: $candidates." >&2
[ -z "${rejected:-}" ] || printf 'Found, but of no use:\n%s' "$rejected" >&2
echo "Install one, or name yours: make PYTHON=path/to/python3.12 run" >&2
exit 1
