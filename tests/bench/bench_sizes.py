"""How large the page side's bundle is: `python -m tests.bench.bench_sizes`. It is sent once per kernel."""

from __future__ import annotations

import gzip
from importlib import resources

BUDGET_KB, BUDGET_GZIP_KB = 120, 40


def main() -> None:
    """Print the figures."""
    for part, budget, when in (
        ("index.js", f"   budget {BUDGET_KB} and {BUDGET_GZIP_KB}", "sent to every page"),
        ("more.js", "", "sent when details, logs or tables are first opened"),
    ):
        data = (resources.files("flyte_jupyter") / "static" / part).read_bytes()
        packed = len(gzip.compress(data, 9))
        print(f"{f'{part}, {when}':<62} {len(data) / 1000:6.1f} kB, {packed / 1000:5.1f} kB gzip{budget}")


if __name__ == "__main__":
    main()
