"""Build hook: bundles js/ with esbuild into flyte_jupyter/static/.

Does nothing where the bundle is newer than its sources, so a wheel made from the sdist (which carries the bundle)
needs no Node. Node comes from the PATH, or else from the PyPI wheel that ships it.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def sources(js: Path) -> list[Path]:
    """Every file that the bundle is made of."""
    top = [js / name for name in ("package.json", "package-lock.json", "build.mjs", "tsconfig.json")]
    return [*(path for path in top if path.exists()), *(path for path in (js / "src").rglob("*") if path.is_file())]


def is_fresh(js: Path, bundle: Path) -> bool:
    """Whether the bundle is there and no source is newer."""
    if not bundle.exists():
        return False
    built = bundle.stat().st_mtime
    return all(path.stat().st_mtime <= built for path in sources(js))


def build(root: Path) -> Path:
    """Build the bundle where it is missing or stale, and return its path."""
    js, bundle = root / "js", root / "flyte_jupyter" / "static" / "index.js"
    if is_fresh(js, bundle):
        return bundle
    if not (js / "package.json").exists():
        raise RuntimeError(f"{bundle} is missing and there is no js/ to build it from.")
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([sys.executable, str(root / "tools" / "node.py"), scratch], check=True)
        environment = {**os.environ, "PATH": f"{scratch}{os.pathsep}{os.environ.get('PATH', '')}"}
        installed, lock = js / "node_modules" / ".package-lock.json", js / "package-lock.json"
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=js, env=environment, check=True)
        subprocess.run(["node", "build.mjs"], cwd=js, env=environment, check=True)
    return bundle


class JsBuildHook(BuildHookInterface[Any]):
    """Builds the bundle before a wheel, an editable install or an sdist is made."""

    def dependencies(self) -> list[str]:
        """The wheel that ships Node, where the bundle must be built and the PATH has no Node."""
        root = Path(self.root)
        if is_fresh(root / "js", root / "flyte_jupyter" / "static" / "index.js"):
            return []
        node = runpy.run_path(str(root / "tools" / "node.py"))
        return [] if node["on_path"]() else [node["WHEEL"]]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling."""
        build(Path(self.root))


if __name__ == "__main__":
    print(build(Path(__file__).resolve().parent.parent))
