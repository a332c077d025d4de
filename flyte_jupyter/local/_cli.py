"""`flyte-jupyter local start|status|stop`, and `python -m flyte_jupyter.local serve`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from flyte_jupyter.local._control import LocalBackend, start, status, stop
from flyte_jupyter.local._errors import LocalBackendError
from flyte_jupyter.local._paths import StateDir


def main(arguments: Sequence[str] | None = None, prog: str = "flyte-jupyter local") -> int:
    """Run the command.

    Returns:
        The exit code: 0, 1 for what failed (`status` of no backend too), 2 for wrong usage.
    """
    options = _parser(prog).parse_args(arguments)
    try:
        return options.run(options)
    except LocalBackendError as error:
        if getattr(options, "json", False):
            _print(json.dumps({"error": error.message, "hint": error.hint}))
        else:
            print(error, file=sys.stderr)  # noqa: T201
        return 1


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description="The embedded Flyte backend: runs tasks on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--state-dir", metavar="DIR", help="where it keeps its state (default: per user and interpreter)"
    )
    json_too = argparse.ArgumentParser(add_help=False)
    json_too.add_argument("--json", action="store_true", help="print JSON")
    serving = argparse.ArgumentParser(add_help=False)
    serving.add_argument("--port", type=int, default=0, help="port on loopback (default: the last one, or any)")
    serving.add_argument(
        "--max-parallel", type=int, metavar="N", help="attempts that run at once (default: twice the processors)"
    )
    serving.add_argument("--idle-exit", type=float, metavar="SECONDS", help=argparse.SUPPRESS)
    serving.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME",
        help="misbehave, for tests of clients; repeatable: dropped-update, duplicate-snapshot, early-end, "
        "silent-stream, reset, random-order, parent-not-found, attempts-flicker",
    )
    command = commands.add_parser(
        "start", parents=[common, serving, json_too], help="start it, or find the running one"
    )
    command.set_defaults(run=_start)
    command = commands.add_parser("status", parents=[common, json_too], help="say what is running")
    command.set_defaults(run=_status)
    command = commands.add_parser("stop", parents=[common, json_too], help="stop it with everything that it runs")
    command.set_defaults(run=_stop)
    command = commands.add_parser("serve", parents=[common, serving], help="serve in this process")
    command.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    command.set_defaults(run=_serve)
    return parser


def _start(options: argparse.Namespace) -> int:
    backend = start(
        options.state_dir, options.port, options.max_parallel, faults=options.fault, idle_exit=options.idle_exit
    )
    if options.json:
        _print(json.dumps(_described(backend)))
    else:
        _print(
            f"The embedded backend runs with pid {backend.pid}. Its endpoint (keep it to yourself):\n{backend.endpoint}"
        )
    return 0


def _described(backend: LocalBackend) -> dict[str, Any]:
    return {"endpoint": backend.endpoint, "pid": backend.pid, "state_dir": str(backend.state_dir)}


def _status(options: argparse.Namespace) -> int:
    found = status(options.state_dir)
    if options.json:
        _print(json.dumps({"running": found is not None, **(found or {})}))
    elif found is None:
        _print(f"No embedded backend is running in {StateDir.of(options.state_dir).root}.")
    else:
        versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
        _print(
            f"http://{urlsplit(found['endpoint']).netloc}, pid {found['pid']}, {found['runs']} runs, "
            f"{found['running_actions']} actions underway\n{found['state_dir']}\n{versions}"
        )
    return 0 if found is not None else 1


def _stop(options: argparse.Namespace) -> int:
    stopped = stop(options.state_dir)
    if options.json:
        _print(json.dumps({"stopped": stopped}))
    else:
        _print("Stopped." if stopped else "No embedded backend was running.")
    return 0


def _serve(options: argparse.Namespace) -> int:
    from flyte_jupyter.local._requirements import check_requirements

    check_requirements()
    from flyte_jupyter.local._server import Options, serve

    defaults = Options(StateDir.of(options.state_dir))
    return serve(
        Options(
            paths=defaults.paths,
            port=options.port,
            max_parallel=options.max_parallel,
            idle_exit=defaults.idle_exit if options.idle_exit is None else options.idle_exit,
            faults=options.fault,
            ready_fd=options.ready_fd,
        )
    )


def _print(text: str) -> None:
    print(text)  # noqa: T201
