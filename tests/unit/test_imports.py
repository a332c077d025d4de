"""Holds the import rules of the house (CONTRIBUTING.md)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "flyte_jupyter"
# From the lowest to the highest: each may import what stands before it.
LAYERS = ["remote", "live", "actions", "view", "magics"]
# Stand side by side on `live`; `magics` joins them.
STRANGERS = {"view": {"actions"}}
# The function that starts the backend for a notebook, and the command.
STARTERS = {PACKAGE / "magics" / "_local.py", PACKAGE / "cli.py"}
JUPYTER = {"IPython", "ipywidgets", "anywidget", "ipykernel", "comm", "traitlets"}


def imported_modules(path: Path) -> set[str]:
    """Absolute names of all modules that a file imports, at the top or inside functions."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            found.add(module)
            found.update(f"{module}.{alias.name}" for alias in node.names)
    return found


def layer_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "flyte_jupyter" else None


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_stands_below_it(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0]
    imports = {layer for module in imported_modules(path) if (layer := layer_of(module))}
    if own in LAYERS:
        above = set(LAYERS[LAYERS.index(own) + 1 :]) | STRANGERS.get(own, set())
        assert not imports & above, f"{own} imports {imports & above}"
    if own == "local":
        assert not imports & set(LAYERS), "the backend speaks only Flyte's protocol with the others"
    elif path not in STARTERS:
        assert "local" not in imports, "only the function that starts the backend imports it"


@pytest.mark.parametrize("layer", ["remote", "live", "actions", "local"])
def test_the_lower_layers_know_no_jupyter(layer: str) -> None:
    for path in (PACKAGE / layer).rglob("*.py"):
        tops = {module.split(".")[0] for module in imported_modules(path)}
        assert not tops & JUPYTER, f"{path.name} imports {tops & JUPYTER}"
