"""What `%load_ext flyte_jupyter` adds to a kernel that has anywidget and grpc imported."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

ROUNDS = 5
BUDGET_MS = 150
PROGRAM = """
import time
import anywidget, grpc, grpc.aio, ipykernel.kernelbase
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
begin = time.perf_counter()
shell.run_line_magic("load_ext", "flyte_jupyter")
print((time.perf_counter() - begin) * 1000)
"""


def main() -> None:
    """Measure in fresh processes, and print the median."""
    command = [sys.executable, "-c", PROGRAM]
    times = [float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(ROUNDS)]
    print(f"{'%load_ext flyte_jupyter':<35} {median(times):8.1f} ms   budget {BUDGET_MS} ms")


if __name__ == "__main__":
    main()
