#!/bin/sh
# Finds every Danish message in the code and the pages, and brings the English catalogue up to date with them.
set -eu
cd "$(dirname "$0")/.."
found=$(mktemp)
trap 'rm -f "$found"' EXIT
catalogue=platform/samrum/translations/en/LC_MESSAGES/messages.po
pybabel() { .venv/bin/python -m babel.messages.frontend "$@"; }
pybabel -q extract -F deploy/babel.cfg -k _l -k lazy_gettext -k _n:1,2 --sort-output --no-location --omit-header -o "$found" .
if [ -f "$catalogue" ]; then
    pybabel -q update -i "$found" -o "$catalogue" -l en --no-fuzzy-matching --ignore-obsolete --width=120
else
    mkdir -p "$(dirname "$catalogue")"
    pybabel -q init -i "$found" -o "$catalogue" -l en
fi
