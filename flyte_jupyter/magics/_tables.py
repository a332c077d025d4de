"""The line magics that show tables: parse, call, display."""

from __future__ import annotations

from argparse import Namespace

from IPython.core.magic import Magics, line_magic, magics_class

from flyte_jupyter import view
from flyte_jupyter.magics._arguments import HEIGHT, argument, flyte_arguments, phases, positive

_TEXT = argument("text", nargs="*", help="only rows in which all these words are found")
_PROJECT = argument("-p", "--project", help="project; default: the connection's")
_DOMAIN = argument("-d", "--domain", help="domain; default: the connection's")


@magics_class
class TableMagics(Magics):
    """Tables of runs, tasks, projects, triggers and secrets; each has `--help`."""

    @line_magic
    @flyte_arguments(
        _TEXT,
        argument("--phase", type=phases, default=None, metavar="P,...", help="only runs in these phases"),
        argument("--task", metavar="NAME", help="only runs of the task with this full name"),
        argument("--mine", action="store_true", help="only runs that you started"),
        argument("--limit", type=positive, default=20, metavar="N", help="rows on a page, newest first; default: 20"),
        _PROJECT,
        _DOMAIN,
        HEIGHT,
    )
    def flyte_runs(self, args: Namespace) -> None:
        """Show the runs of a project, the newest first, as a live table."""
        view.show_runs(
            args.phase,
            task=args.task,
            text=" ".join(args.text),
            mine=args.mine,
            limit=args.limit,
            project=args.project,
            domain=args.domain,
            height=args.height,
        )

    @line_magic
    @flyte_arguments(_TEXT, _PROJECT, _DOMAIN, HEIGHT)
    def flyte_tasks(self, args: Namespace) -> None:
        """Show the deployed tasks of a project."""
        view.show_tasks(" ".join(args.text), project=args.project, domain=args.domain, height=args.height)

    @line_magic
    @flyte_arguments(_TEXT, HEIGHT)
    def flyte_projects(self, args: Namespace) -> None:
        """Show the projects of the backend."""
        view.show_projects(" ".join(args.text), height=args.height)

    @line_magic
    @flyte_arguments(_TEXT, HEIGHT)
    def flyte_triggers(self, args: Namespace) -> None:
        """Show triggers, which can be activated and deactivated there."""
        view.show_triggers(" ".join(args.text), height=args.height)

    @line_magic
    @flyte_arguments(_TEXT, _PROJECT, _DOMAIN, HEIGHT)
    def flyte_secrets(self, args: Namespace) -> None:
        """Show the names of secrets; their values are not told to anybody."""
        view.show_secrets(" ".join(args.text), project=args.project, domain=args.domain, height=args.height)
