"""The line magics: parse, call, display."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class

from flyte_jupyter import remote, view
from flyte_jupyter.magics import _local, _wait
from flyte_jupyter.magics._arguments import (
    ACTION,
    ATTEMPT,
    HEIGHT,
    RUN,
    answer,
    argument,
    assignment,
    flyte_arguments,
    seconds,
)


@magics_class
class FlyteMagics(Magics):
    """The magics of flyte_jupyter; each has `--help`."""

    @line_magic
    @flyte_arguments(
        argument("command", nargs="?", default="start", choices=["start", "status", "stop"], help="default: start"),
    )
    def flyte_local(self, args: Namespace) -> None:
        """Start the embedded backend on this machine and use it; see what it does; or stop it."""
        if args.command == "start":
            backend = _local.start()
            print(f"The embedded backend runs (pid {backend.pid}); runs of this notebook go there.")
        elif args.command == "stop":
            print("The embedded backend has stopped." if _local.stop() else "No embedded backend is running.")
        else:
            status = _local.status()
            if status is None:
                print("No embedded backend is running. Start it with %flyte_local.")
            else:
                print(
                    f"The embedded backend runs (pid {status['pid']}): {status['runs']} runs, "
                    f"{status['running_actions']} running actions; state in {status['state_dir']}."
                )

    @line_magic
    @flyte_arguments(
        argument(
            "endpoint", nargs="?", help="host, host:port or URL of Flyte's API; default: the SDK's, else configured"
        ),
        argument("-p", "--project", help="project; default: the SDK's or the configuration's"),
        argument("-d", "--domain", help="domain; default: the SDK's or the configuration's"),
        argument("--org", help="organisation, where the server has them"),
        argument("--insecure", action="store_true", default=None, help="without TLS (assumed for this machine)"),
        argument(
            "--auth-type", metavar="HOW", help="pkce, device-flow, client-secret, external-command or passthrough"
        ),
        argument("--client-id", metavar="ID", help="OAuth client, if not the one that the server names"),
        argument("--command", metavar="'PROGRAM ...'", help="prints a token; means external-command"),
        argument("--config", metavar="FILE", help="configuration file, instead of the one that would be found"),
        argument("--ca-file", metavar="FILE", help="authorities to trust instead of the system's, in PEM form"),
        argument("--insecure-skip-verify", action="store_true", default=None, help="trust any certificate"),
        argument("--no-keyring", action="store_true", default=None, help="keep tokens in memory only"),
        argument("--transport", choices=["auto", "grpc", "connect"], default="auto", help="default: what gets through"),
    )
    def flyte_connect(self, args: Namespace) -> None:
        """Connect to a Flyte cluster. A secret does not belong in a cell: FLYTE_API_KEY or a file brings it."""
        client = remote.connect(
            args.endpoint,
            project=args.project,
            domain=args.domain,
            org=args.org,
            insecure=args.insecure,
            auth_type=args.auth_type,
            client_id=args.client_id,
            command=args.command,
            config=args.config,
            ca_cert_file_path=args.ca_file,
            insecure_skip_verify=args.insecure_skip_verify,
            disable_keyring=args.no_keyring,
            transport=args.transport,
        )
        print(f"Connected to {client.endpoint.authority}, project {client.project}, domain {client.domain}.")

    @line_magic
    @flyte_arguments(
        argument("name", help="the run's name"),
        argument("action", nargs="?", help="the action to choose at first"),
        argument("--tab", choices=view.TABS, help="what to open of the action"),
        HEIGHT,
    )
    def flyte_run(self, args: Namespace) -> None:
        """Show a run, live."""
        view.show(args.name, action=args.action, tab=args.tab, height=args.height)

    @line_magic
    @flyte_arguments(
        argument("name", help="the run's name"),
        argument("action", nargs="?", help="abort only this action and what it started"),
        argument("--reason", default="Aborted from a notebook.", metavar="TEXT", help="kept with the run"),
    )
    def flyte_abort(self, args: Namespace) -> None:
        """Abort a run, or one of its actions."""
        view.abort(args.name, args.action, reason=args.reason)
        what = f"Action {args.action} of run {args.name}" if args.action else f"Run {args.name}"
        print(f"{what} is being aborted.")

    @line_magic
    @flyte_arguments(RUN, ACTION, ATTEMPT, HEIGHT)
    def flyte_report(self, args: Namespace) -> None:
        """Show the report that a task wrote, in a frame of its own."""
        view.show_report(args.name, args.action, attempt=args.attempt, height=args.height)

    @line_magic
    @flyte_arguments(RUN, ACTION, ATTEMPT, HEIGHT)
    def flyte_logs(self, args: Namespace) -> None:
        """Show the log of an action alone, followed while it goes on."""
        view.show_logs(args.name, args.action, attempt=args.attempt, height=args.height)

    @line_magic
    @flyte_arguments(RUN, ACTION, HEIGHT)
    def flyte_io(self, args: Namespace) -> None:
        """Show the inputs and outputs of an action."""
        view.show_io(args.name, args.action, height=args.height)

    @line_magic
    @flyte_arguments(
        RUN,
        argument("inputs", nargs="*", type=assignment, metavar="NAME=VALUE", help="inputs to change; Python or text"),
        argument("--recover", action="store_true", help="keep what succeeded, execute only the rest"),
    )
    def flyte_rerun(self, args: Namespace) -> Any:
        """Run a run again, perhaps with other inputs, and show the new run."""
        view.rerun(args.name, recover=args.recover, **dict(args.inputs))

    @line_magic
    @flyte_arguments(
        RUN,
        argument("value", help="the answer: yes or no, a number, or a text"),
        argument("--condition", metavar="NAME", help="which condition; needed where several wait"),
    )
    def flyte_signal(self, args: Namespace) -> None:
        """Answer a condition that a run waits for."""
        condition = view.waiting(args.name, args.condition)
        condition.signal(answer(args.value, condition.expected_type))
        print(f"Condition {condition.name} of run {condition.run_name} is answered.")

    @line_magic
    @flyte_arguments(RUN)
    def flyte_freeze(self, args: Namespace) -> None:
        """Write the outputs of this notebook that show a run anew, as it is now."""
        count = view.freeze(args.name)
        print(f"Written anew: {count} output{'' if count == 1 else 's'}." if count else "No output shows this run.")

    @line_cell_magic
    @flyte_arguments(
        argument(
            "--for",
            dest="until",
            choices=["running", "terminal"],
            default="terminal",
            help="what to wait for; default: terminal",
        ),
        argument("--timeout", type=seconds, metavar="S", help="leave after so many seconds; the runs go on"),
        argument("--no-raise", action="store_true", help="a failed run does not make the cell fail"),
    )
    def flyte_wait(self, args: Namespace, cell: str = "") -> None:
        """Run the cell, show every run that it makes, and wait for them; stopping leaves the wait, not the runs."""
        if self.shell is None or not cell.strip():
            raise UsageError("%%flyte_wait needs a cell below it that starts runs. See %flyte_wait --help.")
        _wait.run_and_wait(self.shell, args, cell)
