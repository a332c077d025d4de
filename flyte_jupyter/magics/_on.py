"""`%flyte_on`: when something happens to a run, do what was configured."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from flyte_jupyter import remote
from flyte_jupyter.magics._arguments import plain_errors
from flyte_jupyter.magics._on_kernel import Kernel

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from flyte_jupyter.actions import Armed, ArmedRow, Line

HELP = """%flyte_on: when something happens to a run, do what was configured.

    %flyte_on my-run failed -> notify
    %flyte_on task train.fit succeeded -> run_task eval.score inputs.model=outputs.o0 --max 5
    %flyte_on my-run log /loss=nan/ -> abort --reason "diverged"
    %flyte_on my-run failed -> rerun --recover --max 2
    %flyte_on condition paused -> notify webhook=env:SLACK_URL
    %%flyte_on my-run succeeded        (the cell's body runs in this kernel, with `event` and `run`)
    %flyte_on list | show ID | test ID | pause ID | resume ID | rm ID | history [ID] | flavors

before the ->: {variable} of this kernel; --action NAME (of the run; * for all), --project, --domain
anywhere:      --max N, --cooldown S, --attempts N, --timeout S, --busy queue|skip, --window HOURS,
               --replay (what has happened already counts, too), --yes (allow it without being asked), --name NAME
behind it:     the action's settings, as name=value or --name value; {run}, {phase} and so on come from the event
"""
WORKS = ("list", "history", "show", "test", "pause", "resume", "rm", "flavors")


@magics_class
class OnMagics(Magics):
    """`%flyte_on` and `%%flyte_on`."""

    def __init__(self, shell: InteractiveShell, kernel: Kernel) -> None:
        super().__init__(shell)
        self.kernel = kernel

    @no_var_expand
    @line_cell_magic
    def flyte_on(self, line: str, cell: str | None = None) -> Any:
        """Arm an action, or see to those that are armed; `%flyte_on --help` tells how."""
        text = line.strip()
        if text in ("", "-h", "--help", "help"):
            print(HELP)
            return None
        with plain_errors():
            work, _, rest = text.partition(" ")
            if cell is None and work in WORKS and "->" not in text:
                return _manage(work, rest.split())
            if cell is not None and not cell.strip():
                raise UsageError("%%flyte_on needs a cell below it, which is what is done.")
            armed = self._arm(text, cell)
            print(_told(armed.row))
            return None

    def _fill(self, text: str) -> str:
        """The text with the user's variables in the place of {name}."""
        filled = text if self.shell is None else self.shell.var_expand(text)
        left = re.search(r"\{[^{}]*\}", filled)
        if left is not None:
            raise UsageError(f"{left.group()} is no variable of this kernel.")
        return filled

    def _arm(self, text: str, cell: str | None) -> Armed:
        from flyte_jupyter.actions import On, keep_function, on, read_line, registry

        line = read_line(text, cell=cell is not None, fill=self._fill)
        wanted = dict(line.target)
        run = wanted.pop("run", None)
        kind, client = wanted.pop("kind"), remote.current_client()
        found: On = on(
            run,
            task=wanted.pop("task", ""),
            condition=(wanted.pop("condition", "") or "paused") if kind == "paused" else "",
            action=wanted.pop("action", ""),
            project=wanted.pop("project", ""),
            domain=wanted.pop("domain", ""),
            client=client,
        )
        when = {
            "phase": lambda: found.phase(*wanted["phases"]),
            "appeared": lambda: found.appeared,
            "paused": lambda: found.paused,
            "log": lambda: found.log(wanted["pattern"]),
        }[kind]()
        options = dict(line.options)
        yes = options.pop("yes", False)
        if cell is not None:
            action: Any = self.kernel.cell(cell)
            keep_function(action.kept, self.kernel.runs(cell))
            needs: frozenset[Any] = frozenset({"read"})
        else:
            flavor, handler = registry().flavor(line.flavor), registry().handler(line.flavor)
            needs = flavor.NEEDS
            action = self._of_kernel(line)
            if action is None:
                settings = _configured(flavor, line.configuration, line.words)
                action = handler.validate_action_configuration(settings)
        return when.do(action, allow=sorted(needs) if yes else None, **options)

    def _of_kernel(self, line: Line) -> Any:
        """The action on a task or function that is a variable of this kernel, or None."""
        from flyte_jupyter.actions import RunTask, registry

        name = line.words[0] if len(line.words) == 1 else ""
        value = self.shell.user_ns.get(name) if self.shell is not None and name.isidentifier() else None
        if line.flavor == "callback" and callable(value) and not line.configuration:
            return value
        if line.flavor == "run_task" and isinstance(getattr(value, "name", None), str):
            kept = RunTask(value).model_dump(exclude_defaults=True)
            return registry().handler("run_task").validate_action_configuration({**kept, **line.configuration})
        return None


def _configured(flavor: Any, configuration: dict[str, Any], words: list[str]) -> dict[str, Any]:
    """The settings, with the word that stood alone in its place."""
    if not words:
        return configuration
    if len(words) > 1 or not flavor.ARGUMENT or flavor.ARGUMENT in configuration:
        raise UsageError(f"{flavor.FLAVOR} cannot make sense of {' '.join(words)}. Settings are name=value.")
    return {flavor.ARGUMENT: words[0], **configuration}


def _told(row: ArmedRow) -> str:
    what = f"[{row.id}] {row.on} -> {row.action}"
    if row.standing == "run over" and row.fired:
        return f"{what}: its run is over, and it has fired {'once' if row.fired == 1 else f'{row.fired} times'}."
    if row.standing == "run over":
        return f"{what}: its run is over, and it has not fired. With --replay, what has happened counts."
    may = " and ".join(row.may)
    more = f" {row.error}" if row.error else ""
    return f"{what} is {row.standing}; it may {may} {row.span}.{more}"


def _manage(work: str, words: list[str]) -> Any:
    from flyte_jupyter import view
    from flyte_jupyter.actions import Armed, registry
    from flyte_jupyter.magics._on_live import ArmedActions, History
    from flyte_jupyter.magics._on_table import DetailsTable, FlavorTable

    if work == "list":
        return view.show_table(ArmedActions())
    if work == "flavors":
        return FlavorTable(registry().flavors(hydrate=True), registry().problems)
    if work == "history" and not words:
        return view.show_table(History())
    yes = "--yes" in words
    numbers = [word for word in words if word != "--yes"]
    if len(numbers) != 1 or not numbers[0].isdecimal():
        raise UsageError(f"%flyte_on {work} needs the number of an armed action. %flyte_on list shows them.")
    armed = Armed(int(numbers[0]))
    match work:
        case "show":
            return DetailsTable(armed.details)
        case "history":
            return view.show_table(History(armed.id))
        case "test":
            print(armed.test())
        case "pause":
            armed.pause()
            print(f"[{armed.id}] is paused.")
        case "resume":
            armed.resume(allow=yes)
            print(_told(armed.row))
        case _:
            armed.remove()
            print(f"[{armed.id}] is removed.")
    return None
