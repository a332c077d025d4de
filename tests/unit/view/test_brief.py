import pytest

from flyte_jupyter.remote import NotFoundError
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
