"""What the launched processes of test_launch.py run: the Python text that is their first argument."""

import sys


def main() -> None:
    exec(sys.argv[1], {"__name__": "__task__"})
