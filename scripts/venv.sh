#!/usr/bin/env bash
# Usage: scripts/venv.sh REQUIREMENTS STAMP
# Brings .venv to a requirements file and touches the stamp last, so that an interrupted run does not count as done.
set -euo pipefail
requirements=$1
stamp=$2
fit='import sys; sys.exit(not (sys.version_info >= (3, 11)))'

# The first interpreter that ansible-core accepts: python3 on the path may be an old one of a version manager.
pick() {
    for candidate in ${PYTHON:-} python3 /usr/bin/python3; do
        if "$candidate" -c "$fit" 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    echo "scripts/venv.sh: no Python 3.11 or newer found; name one: make setup PYTHON=/path/to/python3" >&2
    return 1
}

# Scripts in a virtual environment carry its absolute path: one that was copied from another clone would run that one.
if [ -e .venv ] && ! { .venv/bin/python -c "$fit" && .venv/bin/python -m pip --version &&
    head -n 1 .venv/bin/pip | grep -qF "$PWD/.venv/"; } >/dev/null 2>&1; then
    echo "The environment .venv is broken or was moved: making it again"
    rm -rf .venv
fi
if [ ! -e .venv ]; then
    python=$(pick)
    # Debian keeps ensurepip in a package of its own.
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        scripts/packages.sh python3-venv
    fi
    "$python" -m venv .venv
fi

echo "Installing $requirements into .venv"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
rm -f "${stamp%-*}"-????????????????
touch "$stamp"
