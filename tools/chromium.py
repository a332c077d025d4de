"""Finds Chromium for the tests, or installs Debian's package where that is allowed.

Usage: python chromium.py LINK. Leaves LINK pointing to the browser, or fails with one sentence.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def find() -> str | None:
    """The path of an installed Chromium or Chrome."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    return found or (MAC if Path(MAC).exists() else None)


def install() -> None:
    """Install Debian's package, quietly."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium", "fonts-dejavu-core"]):
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def main(link: Path) -> None:
    """Point `link` at a browser."""
    path = find()
    if path is None and os.geteuid() == 0 and shutil.which("apt-get"):
        install()
        path = find()
    if path is None:
        sys.exit("The browser tests need Chromium: install it (Debian: apt-get install chromium) and try again.")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
