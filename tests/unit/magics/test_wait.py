from __future__ import annotations

from IPython.core.interactiveshell import InteractiveShell

from flyte_jupyter.magics._wait import Awaiting


def test_only_awaiting_cells_of_the_magic_are_rewritten(ip: InteractiveShell) -> None:
    rewrite = Awaiting(ip)
    plain = ["%%flyte_wait\n", "x = 1\n"]
    other = ["await x\n"]
    assert rewrite(plain) == plain
    assert rewrite(other) == other
    assert rewrite([]) == []
    (line,) = rewrite(["\n", "%%flyte_wait --timeout 3\n", "await x\n"])
    assert line.startswith("await ")
    assert "'--timeout 3'" in line
    assert "'await x\\n'" in line


def test_a_magic_of_a_longer_name_is_left_alone(ip: InteractiveShell) -> None:
    lines = ["%%flyte_waiting\n", "await x\n"]
    assert Awaiting(ip)(lines) == lines
