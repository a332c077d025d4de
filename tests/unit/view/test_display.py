import pytest
from flyteidl2.workflow import run_definition_pb2 as definition
from IPython.core.interactiveshell import InteractiveShell

from flyte_jupyter.remote import Action, NotFoundError, Run, background
from flyte_jupyter.view import install, uninstall
from tests.unit.live.messages import RUNNING, SUCCEEDED, action

RUN = Run(definition.Run(action=action("a0")))


@pytest.fixture
def terminal(client):
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False  # type: ignore[union-attr]
    yield shell
    uninstall(shell)
    InteractiveShell.clear_instance()


def _sdk_class(name: str, module: str) -> type:
    return type(name, (), {"__module__": module, "name": "r1", "__repr__": lambda self: f"<{name} of the SDK>"})


def _install(notebook, **names):
    install(notebook.ip)
    notebook.ip.user_ns.update(names)


def test_a_run_as_the_value_of_a_cell_is_one_output_that_can_be_updated(notebook, client, capsys):
    _install(notebook, run=RUN)
    notebook.run("run")
    (output,) = notebook.outputs.outputs
    assert set(output["data"]) == {"text/html", "text/plain"}
    assert output["transient"]["display_id"].startswith("flyte-")
    assert "fj-at-p/development/r1" in output["data"]["text/html"]
    assert "◑ Running  main  r1" in output["data"]["text/plain"]
    assert "Run(" not in capsys.readouterr().out


@pytest.mark.parametrize("wrap", ["{}", "_ = display({})"])
def test_an_action_shows_its_run(notebook, client, wrap):
    _install(notebook, one=Action(action("b", parent="a0")))
    notebook.run(wrap.format("one"))
    assert len(notebook.shown) == 1
    assert "fj-at-p/development/r1" in notebook.shown[0]["text/html"]


@pytest.mark.parametrize("name", ["Run", "Action"])
def test_objects_of_an_sdk_that_comes_later_are_shown(notebook, client, monkeypatch, name):
    _install(notebook)
    made = _sdk_class(name, f"flyte.remote._{name.lower()}")()
    message = action("a0")
    made.pb2 = definition.Run(action=message) if name == "Run" else message
    monkeypatch.setattr("flyte_jupyter.remote._run.sdk_client", lambda: client)
    monkeypatch.setattr("flyte_jupyter.remote._action.sdk_client", lambda: client)
    notebook.ip.user_ns["made"] = made
    notebook.run("made")
    assert len(notebook.shown) == 1
    assert "text/html" in notebook.shown[0]


def test_a_run_in_this_process_alone_shows_as_before(notebook, client, capsys):
    made = type("Inline", (_sdk_class("Run", "flyte.remote._run"),), {})()
    made.pb2 = definition.Run()
    _install(notebook, made=made)
    notebook.run("made")
    assert notebook.shown == []
    assert "<Run of the SDK>" in capsys.readouterr().out


def test_a_run_that_there_is_not_is_one_sentence(notebook, client, capsys):
    client.actions.clear()
    _install(notebook, run=RUN)
    notebook.run("run")
    assert notebook.shown == []
    assert "Run r1 cannot be shown: There is no run r1 in p/development" in capsys.readouterr().out


def test_a_wrong_setting_is_one_sentence(notebook, client, capsys, monkeypatch):
    monkeypatch.setenv("FLYTE_JUPYTER_DISPLAY", "yes")
    _install(notebook, run=RUN)
    notebook.run("run")
    assert "FLYTE_JUPYTER_DISPLAY is 'yes'" in capsys.readouterr().out


def test_installing_twice_and_uninstalling(notebook, client, capsys):
    _install(notebook, run=RUN)
    install(notebook.ip)
    notebook.run("run")
    assert len(notebook.shown) == 1
    assert background().on_wait is not None
    uninstall(notebook.ip)
    uninstall(notebook.ip)
    notebook.run("run")
    assert len(notebook.shown) == 1
    assert "Run(r1" in capsys.readouterr().out
    assert background().on_wait is None


def test_a_wait_shows_the_run_once_per_cell(notebook, client, capsys):
    over = Run(definition.Run(action=action("a0", SUCCEEDED)))
    _install(notebook, run=over)
    for _ in range(2):
        notebook.run("run.wait(); run.action.wait(); run.wait(quiet=True)")
    assert len(notebook.shown) == 2, "again in each cell, and once in each"
    assert capsys.readouterr() == ("", "")
    uninstall(notebook.ip)
    notebook.run("run.wait()")
    assert len(notebook.shown) == 2
    assert "r1 SUCCEEDED" in capsys.readouterr().err


def test_a_wait_in_another_thread_shows_nothing_of_a_cell_s(notebook, client, capsys):
    _install(notebook, run=Run(definition.Run(action=action("a0", SUCCEEDED))))
    notebook.run("import threading; t = threading.Thread(target=run.wait); t.start(); t.join()")
    assert notebook.shown == []
    assert "r1 SUCCEEDED" in capsys.readouterr().err


def test_in_a_terminal_a_run_is_a_tree(terminal, client, capsys):
    client.actions["b"] = action(
        "b", SUCCEEDED, "a0", short="load", ended=client.actions["a0"].status.start_time.seconds * 1000
    )
    install(terminal)
    terminal.user_ns["run"] = RUN
    terminal.run_cell("run")
    out = capsys.readouterr().out
    assert "└─ ✓ succeeded  load  (b)  0ms" in out
    assert "<div" not in out


def test_in_a_terminal_a_list_of_runs_is_a_list(terminal, client, capsys):
    install(terminal)
    terminal.user_ns["run"] = RUN
    terminal.run_cell("[run, run]")
    assert "[Run(r1, running, env.main), Run(r1, running, env.main)]" in capsys.readouterr().out


def test_in_a_terminal_a_run_that_there_is_not_is_one_sentence(terminal, client, capsys):
    client.actions.clear()
    install(terminal)
    terminal.user_ns["run"] = RUN
    terminal.run_cell("run")
    assert "Run r1 cannot be shown: There is no run r1" in capsys.readouterr().out


def test_show_in_a_terminal_prints(terminal, client, capsys):
    from flyte_jupyter.view import show

    client.actions["a0"] = action("a0", RUNNING, short="train")
    show("r1")
    assert "◑ running  train  (a0)" in capsys.readouterr().out
    with pytest.raises(NotFoundError, match="nosuch"):
        show("r1", action="nosuch")
