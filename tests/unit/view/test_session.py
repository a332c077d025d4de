import pytest

from flyte_jupyter.remote import InvalidArgumentError, NotFoundError
from flyte_jupyter.view import _fallback, _refresh, _session, install, show, show_io, show_logs, shown_runs
from tests.unit.live.messages import FAILED, QUEUED, RUNNING, START, SUCCEEDED, action
from tests.unit.live.test_looks import lines
from tests.unit.view.kernels import eventually, put

WIDGET = "application/vnd.jupyter.widget-view+json"
END = action("a0", SUCCEEDED, ended=START + 5)


def _hubs(comms):
    return [comm for comm in comms if "hub_id" in comm.opened["data"]["state"]]


def _fallbacks(comms):
    return [comm for comm in comms if comm.opened["data"]["state"].get("view_id")]


def _view_id(output) -> str:
    return output["text/html"].split('data-flyte-view="')[1].split('"')[0]


@pytest.fixture
def patient(monkeypatch):
    """No output falls back by itself."""
    monkeypatch.setattr(_fallback, "PATIENCE", 3600)


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(_fallback, "PATIENCE", 0)


def test_the_hub_is_made_once_and_when_it_is_needed(notebook, client, comms, patient):
    install(notebook.ip)
    assert comms == []
    show("r1")
    show("r1")
    (hub,) = _hubs(comms)
    assert f"fj-hub-{hub.opened['data']['state']['hub_id']} " in notebook.shown[0]["text/html"]
    assert _view_id(notebook.shown[0]) != _view_id(notebook.shown[1])
    assert "localhost:8090|p/development/r1" in shown_runs()


def test_a_hub_that_someone_closed_is_made_again_under_its_name(notebook, client, comms, patient):
    show("r1")
    _session.session()._hub.close()  # type: ignore[union-attr]
    show("r1")
    first, second = _hubs(comms)
    assert first.opened["data"]["state"]["hub_id"] == second.opened["data"]["state"]["hub_id"]


def test_a_mount_gets_its_frames_over_the_hub(notebook, client, comms, patient):
    show("r1")
    (hub,) = _hubs(comms)
    hub.say({"type": "ready"})
    hub.say({"type": "hello", "view": _view_id(notebook.shown[0]), "vid": "m"})
    eventually(lambda: [message["type"] for message in hub.custom()] == ["here", "welcome", "frame"])
    put(client, action("b", QUEUED, "a0"))
    frame = eventually(lambda: hub.custom()[3:])[0]
    assert (frame["kind"], frame["rows"], frame["seq"]) == ("delta", 2, 2)


def test_what_a_view_opens_is_written_when_it_is_read(notebook, client, patient, monkeypatch):
    monkeypatch.setattr(_session, "GLANCE", 0)
    client.actions["a0"] = END
    client.logs = [[lines("one", "two")]]
    show_logs("r1")
    assert "two" not in notebook.shown[0]["text/plain"]
    eventually(lambda: "one\ntwo" in notebook.shown[0]["text/html"])
    assert len(notebook.shown) == 1


def test_the_file_gets_the_first_children_a_failure_and_the_end(notebook, client, patient):
    client.errors["a0"] = client.errors["b"] = "ValueError: no"
    show("r1")
    put(client, action("b", RUNNING, "a0", short="child"))
    eventually(lambda: "child" in notebook.shown[0]["text/html"])
    put(client, action("b", FAILED, "a0", short="child", ended=START + 3), action("a0", FAILED, ended=START + 5))
    eventually(lambda: "The run is over" in notebook.shown[0]["text/html"])
    assert "ValueError: no" in notebook.shown[0]["text/html"]
    assert len(notebook.shown) == 1
    assert len(notebook.outputs.outputs) <= 6
    eventually(lambda: not _session.session()._shown)


def test_a_finished_run_can_still_be_mounted(notebook, client, comms, patient):
    client.actions["a0"] = END
    show("r1")
    assert "The run is over" in notebook.shown[0]["text/html"]
    (hub,) = _hubs(comms)
    hub.say({"type": "hello", "view": _view_id(notebook.shown[0]), "vid": "m"})
    frame = eventually(lambda: hub.custom()[1:])[0]
    assert frame["head"]["over"] is True


def test_where_nobody_adopts_the_fall_back_view_is_shown(notebook, client, comms, hasty):
    show("r1")
    eventually(lambda: WIDGET in notebook.shown[0])
    (fallback,) = _fallbacks(comms)
    assert fallback.opened["data"]["state"]["view_id"] == _view_id(notebook.shown[0])
    fallback.say({"type": "hello", "view": _view_id(notebook.shown[0]), "vid": "m"})
    eventually(lambda: [message["type"] for message in fallback.custom()] == ["welcome", "frame"])
    # From now on the widget is shown at once.
    show("r1")
    assert WIDGET in notebook.shown[1]
    put(client, END)
    eventually(lambda: all(WIDGET not in output for output in notebook.shown))
    assert all("The run is over" in output["text/html"] for output in notebook.shown)
    assert all(comm.closed for comm in _fallbacks(comms))


def test_a_page_that_was_only_late_takes_over_again(notebook, client, comms, hasty):
    show("r1")
    eventually(lambda: WIDGET in notebook.shown[0])
    _hubs(comms)[0].say({"type": "ready"})
    eventually(lambda: WIDGET not in notebook.shown[0])
    show("r1")
    assert WIDGET not in notebook.shown[1]


def test_where_neither_works_the_snapshot_stays(notebook, client, comms, hasty, monkeypatch):
    monkeypatch.setattr(_fallback, "LONG_PATIENCE", 0)
    monkeypatch.setattr(_refresh, "PAUSE", 0.1)
    show("r1")
    eventually(lambda: _session.session().front_end.has_widgets is False)
    eventually(lambda: WIDGET not in notebook.shown[0])
    show("r1")
    put(client, action("b", QUEUED, "a0", short="child"))
    eventually(lambda: all("child" in output["text/html"] for output in notebook.shown))
    assert len(_fallbacks(comms)) == 1


def test_a_finished_run_needs_no_fall_back(notebook, client, comms, hasty):
    client.actions["a0"] = END
    show("r1")
    eventually(lambda: not _session.session()._shown)
    assert _fallbacks(comms) == []


def test_a_widget_that_was_asked_for_stays(notebook, client, comms, monkeypatch):
    monkeypatch.setenv("FLYTE_JUPYTER_DISPLAY", "widget")
    show("r1")
    assert WIDGET in notebook.shown[0]
    assert _hubs(comms) == []
    put(client, END)
    eventually(lambda: "The run is over" in notebook.shown[0]["text/html"])
    assert WIDGET in notebook.shown[0]


def test_a_batch_run_makes_no_widget_and_writes_before_its_cells_end(notebook, client, comms, hasty):
    install(notebook.ip)
    notebook.kernel.allow_stdin = False
    notebook.ip.user_ns["show"] = show
    notebook.run("show('r1')")
    assert comms == []
    put(client, action("b", RUNNING, "a0", short="child"))
    written = len(notebook.outputs.outputs)
    notebook.run("1")
    assert len(notebook.outputs.outputs) == written + 1
    assert "child" in notebook.shown[0]["text/html"]
    put(client, action("b", SUCCEEDED, "a0", ended=START + 3), END)
    notebook.run("2")
    assert "The run is over" in notebook.shown[0]["text/html"]
    written = len(notebook.outputs.outputs)
    notebook.run("3")
    assert len(notebook.outputs.outputs) == written
    assert comms == []


def test_a_run_that_there_is_not_shows_nothing(notebook, client, patient):
    client.actions.clear()
    with pytest.raises(NotFoundError, match="There is no run r1"):
        show("r1")
    assert notebook.shown == []


@pytest.mark.parametrize("show_it", [show_logs, show_io, lambda run, action: show(run, action=action)])
def test_an_action_that_there_is_not_is_one_sentence_and_shows_nothing(notebook, client, patient, show_it):
    with pytest.raises(NotFoundError, match="nosuch"):
        show_it("r1", "nosuch")
    assert notebook.shown == []
    show("r1")
    show_it("r1", "a0")
    assert len(notebook.shown) == 2


def test_an_action_that_the_backend_has_and_has_not_told_of_yet_can_be_shown(notebook, client, patient):
    show("r1")
    client.actions["late"] = action("late", QUEUED, "a0")
    show("r1", action="late")
    assert len(notebook.shown) == 2


def test_a_kernel_that_is_connected_offers_what_earlier_ones_have_shown(notebook, client, comms, patient):
    install(notebook.ip)
    notebook.run("1 + 1")
    (hub,) = _hubs(comms)
    hub.say({"type": "ready"})
    here = eventually(lambda: [one for one in hub.custom() if one["type"] == "here"])
    show("r1")
    (place,) = here[0]["places"]
    assert f"fj-on-{place}" in notebook.shown[0]["text/html"]
    notebook.run("2 + 2")
    assert len(_hubs(comms)) == 1
    hub.say(
        {
            "type": "request",
            "vid": "m",
            "rid": "q",
            "method": "open",
            "params": {"at": "p/development/r1", "place": place},
        }
    )
    reply = eventually(lambda: [one for one in hub.custom() if one["type"] == "reply"])[0]
    assert reply["ok"], reply
    hub.say({"type": "hello", "view": reply["result"]["view"], "vid": "m"})
    eventually(lambda: [one for one in hub.custom() if one["type"] == "frame"])
    wrong = {"at": "p/development/r1", "place": "0" * 16}
    hub.say({"type": "request", "vid": "m", "rid": "w", "method": "open", "params": wrong})
    reply = eventually(lambda: [one for one in hub.custom() if one.get("rid") == "w"])[0]
    assert "another backend" in reply["error"]


def test_what_is_brought_to_life_gets_its_frames_before_anything_was_shown(notebook, client, comms, patient):
    install(notebook.ip)
    notebook.run("1 + 1")
    (hub,) = _hubs(comms)
    hub.say({"type": "ready"})
    (place,) = eventually(lambda: [one for one in hub.custom() if one["type"] == "here"])[0]["places"]
    opened = {"at": "p/development/r1", "place": place}
    hub.say({"type": "request", "vid": "", "rid": "q", "method": "open", "params": opened})
    reply = eventually(lambda: [one for one in hub.custom() if one["type"] == "reply"])[0]
    hub.say({"type": "hello", "view": reply["result"]["view"], "vid": "m"})
    eventually(lambda: [one for one in hub.custom() if one["type"] == "frame"])


@pytest.mark.parametrize(
    ("make", "welcome"),
    [
        (lambda: show_logs("r1", height=300), ("logs", "a0", "logs", 300, None)),
        (lambda: show_logs("r1", attempt=2), ("logs", "a0", "logs", None, 2)),
        (lambda: show("r1", action="b", tab="events"), ("run", "b", "events", None, None)),
        (lambda: show("r1"), ("run", "", "", None, None)),
    ],
)
def test_what_is_brought_to_life_is_what_its_cell_asked_for(notebook, client, comms, patient, make, welcome):
    client.actions["b"] = action("b", RUNNING, "a0")
    make()
    classes = notebook.shown[0]["text/html"].split('"')[1].split()
    how = next((one.removeprefix("fj-as-") for one in classes if one.startswith("fj-as-")), None)
    (hub,) = _hubs(comms)
    opened = {"at": "p/development/r1", "as": how}
    hub.say({"type": "request", "vid": "", "rid": "q", "method": "open", "params": opened})
    reply = eventually(lambda: [one for one in hub.custom() if one["type"] == "reply"])[0]
    hub.say({"type": "hello", "view": reply["result"]["view"], "vid": "m"})
    told = eventually(lambda: [one for one in hub.custom() if one["type"] == "welcome"])[0]
    assert tuple(told[key] for key in ("kind", "action", "tab", "height", "attempt")) == welcome


def test_freezing_writes_what_is_open_and_keeps_it(notebook, client, comms, patient):
    show("r1")
    (hub,) = _hubs(comms)
    view = _view_id(notebook.shown[0])
    params = {"view": view, "rows": [[0, 0]], "find": "", "action": "a0", "tab": "overview", "attempt": 2}
    hub.say({"type": "request", "vid": "m", "rid": "f", "method": "freeze", "params": params})
    reply = eventually(lambda: [one for one in hub.custom() if one["type"] == "reply"])[0]
    assert reply == {"type": "reply", "rid": "f", "ok": True, "result": {"note": ""}}
    assert "Action a0" in notebook.shown[0]["text/html"]
    assert " fj-as-run/a0/overview//2" in notebook.shown[0]["text/html"]
    put(client, END)
    eventually(lambda: "The run is over" in notebook.shown[0]["text/html"])
    assert "Action a0" in notebook.shown[0]["text/html"]
    hub.say({"type": "request", "vid": "m", "rid": "g", "method": "freeze", "params": {**params, "action": ""}})
    eventually(lambda: "Action a0" not in notebook.shown[0]["text/html"])
    assert " fj-as-" not in notebook.shown[0]["text/html"]
    assert _session.session().freeze("localhost:8090|p/development/r1") == 1
    assert len(notebook.shown) == 1


def test_what_another_view_opened_has_no_output_to_freeze(notebook, client, comms, patient):
    show("r1")
    (hub,) = _hubs(comms)
    hub.say({"type": "request", "vid": "m", "rid": "o", "method": "open", "params": {"at": "p/development/r1"}})
    opened = eventually(lambda: [one for one in hub.custom() if one.get("rid") == "o"])[0]["result"]["view"]
    hub.say({"type": "request", "vid": "m", "rid": "f", "method": "freeze", "params": {"view": opened}})
    reply = eventually(lambda: [one for one in hub.custom() if one.get("rid") == "f"])[0]
    assert "no output of its own" in reply["error"]


def test_a_tab_that_is_asked_for_is_in_the_file_at_once(notebook, client, comms, patient):
    show("r1", tab="overview", height=300)
    assert "Action a0" in notebook.shown[0]["text/html"]
    (hub,) = _hubs(comms)
    hub.say({"type": "hello", "view": _view_id(notebook.shown[0]), "vid": "m"})
    welcome = eventually(lambda: [one for one in hub.custom() if one["type"] == "welcome"])[0]
    assert (welcome["action"], welcome["tab"], welcome["height"]) == ("a0", "overview", 300)


@pytest.mark.parametrize(
    ("show_it", "options", "words"),
    [
        (show, {"tab": "all"}, "is no tab"),
        (show, {"height": 3}, "3 pixels"),
        (show, {"height": True}, "True pixels"),
        (show_logs, {"attempt": 0}, "0 is no attempt"),
        (show_logs, {"attempt": 2**31}, "is no attempt"),
        (show_logs, {"attempt": True}, "True is no attempt"),
    ],
)
def test_what_cannot_be_shown_so_is_one_sentence(notebook, client, show_it, options, words):
    with pytest.raises(InvalidArgumentError, match=words):
        show_it("r1", **options)
