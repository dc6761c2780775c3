"""``python -m samrum.cli``."""

from samrum.cli import main

main(prog_name="samrum")
