"""`make demo`: JupyterLab on the tour with the embedded backend running; or the tour executed without a browser.

Usage: python demo.py [--headless]. Headless, it writes build/tour.html, prints one line per run, and exits with 1 if
a cell fails.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

from flyte_jupyter import local, remote

ROOT = Path(__file__).resolve().parents[1]
TOUR = ROOT / "examples" / "tour.ipynb"
PAGE = ROOT / "build" / "tour.html"


def open_lab() -> int:
    """JupyterLab until the user ends it."""
    as_root = ["--allow-root"] if os.geteuid() == 0 else []
    try:
        return subprocess.call([sys.executable, "-m", "jupyterlab", *as_root, str(TOUR)])
    except KeyboardInterrupt:
        return 0


def execute(endpoint: str) -> int:
    """Execute the tour; 0 if every cell succeeded."""
    started = datetime.now(timezone.utc)
    notebook = nbformat.read(TOUR, as_version=4)
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": TOUR.parent}})
    failure = None
    try:
        client.execute()
    except CellExecutionError as error:
        failure = error
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(HTMLExporter().from_notebook_node(notebook)[0])
    print_runs(endpoint, started)
    print(f"Wrote {PAGE.relative_to(ROOT)}.")
    if failure:
        print(f"A cell failed:\n{failure}", file=sys.stderr)
    return 1 if failure else 0


def print_runs(endpoint: str, since: datetime) -> None:
    """One line for each run since then, the oldest first."""
    client = remote.connect(endpoint, project="local", domain="development")
    try:
        created = remote.TimeFilter(after=since)
        for run in remote.Run.listall(created_at=created, sort_by=("created_at", "asc"), limit=1000):
            print(f"{run.name}  {run.phase.value:<10}  {run.task_name}")
    finally:
        client.close()


def main() -> int:
    """Parse, start the backend, run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--headless", action="store_true")
    headless = parser.parse_args().headless
    was_running = local.status() is not None
    backend = local.start()
    try:
        return execute(backend.endpoint) if headless else open_lab()
    finally:
        if not was_running:
            backend.stop()


if __name__ == "__main__":
    sys.exit(main())
