#!/bin/sh
# Tries what a newcomer does: clones the last commit into an empty folder whose name has a space in it, starts the demo there
# twice, and runs the checks and the tests. Takes some minutes; prints how long each start took.
set -eu
cd "$(dirname "$0")/.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
git clone --quiet . "$place/a fresh clone"
cd "$place/a fresh clone"

start() {
    begun=$(date +%s)
    make run PORT="$1" > "$place/output" 2>&1 &
    making=$!
    while ! grep -q 'Ctrl-C' "$place/output"; do
        if ! kill -0 "$making" 2>/dev/null; then
            cat "$place/output"
            echo "make run ended by itself" >&2
            exit 1
        fi
        sleep 0.2
    done
    echo "make run was up after $(($(date +%s) - begun)) s"
    kill -TERM "$(cat var/lock)"
    wait "$making" || true
}

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
start "$port"
start "$port"
make check
make wheel
make test
