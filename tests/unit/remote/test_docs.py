"""Holds docs/remote.md against what the package exports and against the RPCs that there are."""

from __future__ import annotations

import inspect

from flyte_jupyter import remote
from flyte_jupyter.remote import Method, methods
from tools import remote_table

RPCS = {str(value) for value in vars(methods).values() if isinstance(value, Method)}


def test_the_tables_are_those_of_the_docstrings() -> None:
    assert remote_table.PAGE.read_text() == remote_table.page(), "run python -m tools.remote_table"


def test_everything_exported_has_a_row() -> None:
    text = remote_table.PAGE.read_text()
    missing = [name for name in remote.__all__ if f"`{name}`" not in text]
    assert missing == []


def test_each_rpc_that_is_named_exists() -> None:
    named: dict[str, str] = {}
    for name in remote.__all__:
        value = getattr(remote, name)
        found = [member for _, _, member in remote_table.members(value)] if inspect.isclass(value) else []
        for each in [value, *found]:
            named.update(dict.fromkeys(remote_table.rpcs(each), name))
    assert {rpc: where for rpc, where in named.items() if rpc not in RPCS} == {}
    assert {"RunService.ListRuns", "DataProxyService.TailLogs"} <= set(named)
