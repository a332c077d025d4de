"""`flyte-jupyter actions watch|list|history`: armed actions without a notebook."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from flyte_jupyter.actions._armed import armed_rows, history_rows
from flyte_jupyter.actions._notices import add_notifier
from flyte_jupyter.actions._service import close_service, service
from flyte_jupyter.remote import FlyteError, background, connect


def main(arguments: Sequence[str] | None = None, prog: str = "flyte-jupyter actions") -> int:
    """Run the command.

    Returns:
        The exit code: 0, or 1 for what failed.
    """
    options = _parser(prog).parse_args(arguments)
    try:
        options.run(options)
    except FlyteError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        close_service()
    return 0


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description="What was armed with %flyte_on: do it, without a notebook.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    watch = commands.add_parser("watch", help="do what is armed for a backend, until this is interrupted")
    watch.add_argument("endpoint", nargs="?", help="host:port or URL; that of the configuration if not given")
    watch.add_argument("-p", "--project", help="project; that of the configuration if not given")
    watch.add_argument("-d", "--domain", help="domain; that of the configuration if not given")
    watch.add_argument("--insecure", action="store_true", default=None, help="without TLS")
    watch.set_defaults(run=_watch)
    commands.add_parser("list", help="what is armed").set_defaults(run=_list)
    history = commands.add_parser("history", help="what was done, the newest first")
    history.add_argument("id", nargs="?", type=int, help="of one armed action")
    history.set_defaults(run=_history)
    return parser


def _watch(options: Any) -> None:
    client = connect(options.endpoint, project=options.project, domain=options.domain, insecure=options.insecure)
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    here = service()
    remove = add_notifier(lambda notice: _say(f"[{notice.trigger}] {notice.text}"))
    background().call(
        here.executed.append,
        lambda trigger, one: _say(f"[{trigger.id}] {one.state}: {one.event.words} {one.error or one.result}".rstrip()),
    )
    background().run(here.refresh())
    count = sum(one.event_filter.endpoint == client.endpoint.authority for one in here.store.triggers(active=True))
    _say(f"Watching {client.endpoint.authority}; {count} armed. Ctrl-C ends it.")
    while not over.wait(1):
        pass
    remove()


def _list(options: Any) -> None:
    del options
    rows = armed_rows()
    for row in rows:
        last = f"; {row.state}: {row.error or row.last}" if row.state else ""
        count = "once" if row.fired == 1 else f"{row.fired} times"
        _say(f"[{row.id}] {row.on} -> {row.action}: {row.standing}, fired {count}{last}")
    if not rows:
        _say("Nothing is armed.")


def _history(options: Any) -> None:
    rows = history_rows(options.id)
    for row in rows:
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row.at))
        _say(f"{at} [{row.trigger}] {row.state}: {row.event} {row.error or row.result}".rstrip())
    if not rows:
        _say("Nothing has fired yet.")


def _say(text: str) -> None:
    # What comes from outside must not steer the terminal.
    line = "".join(character if character.isprintable() else " " for character in text)
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
