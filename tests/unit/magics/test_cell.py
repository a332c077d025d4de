from __future__ import annotations

import asyncio

import pytest
from IPython.core.interactiveshell import InteractiveShell

from flyte_jupyter.magics._cell import drive, execute, is_async


def test_the_value_of_the_last_expression_is_shown_and_kept(
    ip: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    drive(execute(ip, "x = 20\nx + 1"))
    assert "21" in capsys.readouterr().out
    assert ip.user_ns["x"] == 20
    assert ip.user_ns["_"] == 21


def test_a_cell_without_a_last_expression_shows_nothing(
    ip: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    drive(execute(ip, "y = 1"))
    assert capsys.readouterr().out == ""


def test_magics_and_shell_escapes_in_the_cell_are_transformed(ip: InteractiveShell) -> None:
    drive(execute(ip, "%env FJ_TEST_CELL=here\nvalue = %env FJ_TEST_CELL"))
    assert ip.user_ns["value"] == "here"


def test_an_error_comes_through_with_the_cells_own_line(ip: InteractiveShell) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        drive(execute(ip, "a = 1\n1 / 0"))
    frame = caught.traceback[-1]
    assert frame.lineno == 1  # counted from 0


def test_a_syntax_error_comes_through(ip: InteractiveShell) -> None:
    with pytest.raises(SyntaxError):
        drive(execute(ip, "a = = 1"))


async def test_a_cell_may_await_at_its_top_level(ip: InteractiveShell) -> None:
    await execute(ip, "import asyncio\nz = await asyncio.sleep(0, 5)\nasync def f():\n    return 1\nz + await f()")
    assert ip.user_ns["_"] == 6


def test_awaiting_cells_are_told_from_others(ip: InteractiveShell) -> None:
    assert is_async(ip, "await x")
    assert is_async(ip, "async for a in b:\n    pass")
    assert not is_async(ip, "async def f():\n    await x")
    assert not is_async(ip, "x = = 1")
    assert not is_async(ip, "")


def test_drive_refuses_what_really_suspends() -> None:
    with pytest.raises(RuntimeError, match="suspended"):
        drive(asyncio.sleep(0))
