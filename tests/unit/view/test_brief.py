import pytest

from flyte_jupyter.actions import on
from flyte_jupyter.remote import FlyteError, NotFoundError
from flyte_jupyter.view import install, show, wait


@pytest.mark.parametrize("function", [show, wait])
def test_an_error_of_flyte_is_one_line_below_the_cell(notebook, client, capsys, function):
    client.actions.clear()
    install(notebook.ip)
    notebook.ip.user_ns["function"] = function
    result = notebook.ip.run_cell("function('r1')")
    assert isinstance(result.error_in_exec, NotFoundError)
    shown = capsys.readouterr().out.strip().splitlines()
    assert len(shown) == 1
    assert shown[0].startswith("NotFoundError: There is no run r1 in p/development at localhost:8090.")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("on('r1')", "NotFoundError: There is no run 'r1'"),
        ("on(7)", "InvalidConfigurationError: A int is not a run."),
        ("on(task='t').do(print)", "InvalidConfigurationError: Say what has to happen first"),
        ("on(task='t').log('x')", "InvalidConfigurationError: Logs are read of a run"),
        ("on(task='t').phase('nosuch').do(print)", "InvalidConfigurationError: "),
    ],
)
def test_what_cannot_be_armed_is_one_line_below_the_cell(notebook, client, capsys, cell, words):
    client.actions.clear()
    install(notebook.ip)
    notebook.ip.user_ns["on"] = on
    assert isinstance(notebook.ip.run_cell(cell).error_in_exec, FlyteError)
    shown = capsys.readouterr().out.strip().splitlines()
    assert len(shown) == 1
    assert shown[0].startswith(words)
