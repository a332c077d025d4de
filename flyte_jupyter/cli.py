"""The `flyte-jupyter` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from flyte_jupyter._version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        The exit code.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if arguments[:1] == ["local"]:
        from flyte_jupyter.local._cli import main as local

        return local(arguments[1:])
    if arguments[:1] == ["actions"]:
        from flyte_jupyter.actions._cli import main as actions

        return actions(arguments[1:])
    parser = argparse.ArgumentParser(
        prog="flyte-jupyter", description="Flyte 2 runs, live in the notebook cell that started them."
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument(
        "command",
        choices=["local", "actions"],
        help="local: the embedded backend; actions: what was armed with %%flyte_on; each has --help",
    )
    parser.parse_args(arguments)
    return 2


if __name__ == "__main__":
    sys.exit(main())
