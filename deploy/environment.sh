#!/bin/sh
# Makes .venv or brings it up to date, from the locked packages: `environment.sh run` for the demo, `environment.sh dev`
# for tests and checks too. Done in a blink when nothing has changed; an interrupted run is simply begun again.
set -eu
cd "$(dirname "$0")/.."
kind=$1
lock=deploy/locks/$kind.txt

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
        if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    echo "Samrum needs Python 3.11 or newer, and none was found. Install one, or name it: make PYTHON=/path/to/python3" >&2
    exit 1
}

# The stamp says what was installed and where: a moved folder or a vanished interpreter needs a new environment.
place="$(pwd -P)"
if [ "$(cat .venv/.samrum-place 2>/dev/null)" != "$place" ] || ! .venv/bin/python -c 0 2>/dev/null; then
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "This Python cannot make environments. On Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    fi
    echo "Making the Python environment in .venv ..."
    "$python" -m venv --clear .venv
    printf '%s\n' "$place" > .venv/.samrum-place
fi

wanted=$(cat "$lock" pyproject.toml deploy/environment.sh | cksum)
if [ "$(cat ".venv/.samrum-$kind" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
pip() {
    if ! .venv/bin/python -m pip --disable-pip-version-check --no-input --quiet "$@"; then
        echo "Installing the Python packages failed; the lines above say why. Is the package registry within reach?" >&2
        exit 1
    fi
}
echo "Installing the locked Python packages ..."
rm -f .venv/.samrum-run .venv/.samrum-dev
pip install --root-user-action=ignore --require-hashes --requirement "$lock"
pip install --root-user-action=ignore --no-deps --no-index --no-build-isolation --editable .
printf '%s\n' "$wanted" > ".venv/.samrum-$kind"
if [ "$kind" = dev ]; then  # it holds all of run.txt, in the same versions
    cat deploy/locks/run.txt pyproject.toml deploy/environment.sh | cksum > .venv/.samrum-run
fi
