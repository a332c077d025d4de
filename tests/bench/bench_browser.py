"""The views in JupyterLab and Chromium: `python -m tests.bench.bench_browser [PART ...]`.

A kernel, the page and a scripted server of runs share this machine. Each part has a notebook and a kernel of its own;
a figure that is a ratio has its peer measured in the same run.
"""

from __future__ import annotations

import sys

from tests.bench.browser_logs import long_log
from tests.bench.browser_runs import frozen, large, lively, many, ordinary
from tests.bench.page import lab

PARTS = {
    "large": large,
    "lively": lively,
    "ordinary": ordinary,
    "many": many,
    "log": long_log,
    "frozen": frozen,
}


def main(*names: str) -> None:
    """Print the figures of all parts, or of those that are named."""
    with lab() as running:
        for name in names or PARTS:
            PARTS[name](running)


if __name__ == "__main__":
    main(*sys.argv[1:])
