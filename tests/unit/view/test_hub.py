import threading

import pytest

from flyte_jupyter.remote import background
from flyte_jupyter.view import _hub
from tests.unit.view.pages import FakeComm, fake_comms

BUNDLE = "export default { /* the bundle of this test */ }"


@pytest.fixture(autouse=True)
def bundle(monkeypatch):
    monkeypatch.setattr(_hub, "bundle", lambda: BUNDLE)


def _made(make) -> FakeComm:
    with fake_comms() as opened:
        make()
    return opened[-1]


def test_the_hub_syncs_its_id_and_the_bundle_and_no_state():
    comm = _made(lambda: _hub.Hub(lambda *_: None, hub_id="h1"))
    state = comm.opened["data"]["state"]
    assert state["_esm"] == BUNDLE
    assert state["hub_id"] == "h1"
    own = {name for name in state if name not in _hub.anywidget.AnyWidget().get_state()}
    assert own == {"hub_id"}


def test_the_fall_back_view_says_what_it_shows():
    widgets = []
    comm = _made(lambda: widgets.append(_hub.FallbackView(lambda *_: None, view_id="v1")))
    assert comm.opened["data"]["state"]["view_id"] == "v1"
    mime = widgets[0].mime()["application/vnd.jupyter.widget-view+json"]
    assert mime["model_id"] == widgets[0].model_id


def test_messages_go_to_the_background_loop_and_nothing_runs_on_the_thread_they_came_on():
    heard, arrived = [], threading.Event()

    def receive(channel, content):
        heard.append((channel, content, background().is_current))
        arrived.set()

    hubs = []
    comm = _made(lambda: hubs.append(_hub.Hub(receive, hub_id="h1")))
    comm.say({"type": "ready"})
    assert arrived.wait(30)
    assert heard == [(hubs[0], {"type": "ready"}, True)]


def test_what_is_posted_goes_out_as_a_custom_message_with_its_buffers():
    hubs = []
    comm = _made(lambda: hubs.append(_hub.Hub(lambda *_: None, hub_id="h1")))
    hubs[0].post({"type": "beat"}, [b"x"])
    assert comm.custom() == [{"type": "beat"}]
    assert comm.published[-1][1] == [b"x"]
    hubs[0].close()
    hubs[0].post({"type": "beat"})  # goes nowhere


def test_the_page_chooses_the_shell_that_hears_a_click():
    comm = _made(lambda: _hub.Hub(lambda *_: None, hub_id="h1"))
    assert comm._reply_subshell_for({}, "the page's subshell") == "the page's subshell"


def test_a_bundle_that_was_not_built_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.setattr(_hub.resources, "files", lambda _: tmp_path)
    _hub.bundle.cache_clear()
    with pytest.raises(RuntimeError, match="The views' JavaScript has not been built"):
        _hub.bundle()


def test_both_parts_of_the_bundle_are_read(monkeypatch, tmp_path):
    monkeypatch.undo()
    (tmp_path / "static").mkdir()
    for part in ("index", "more"):
        (tmp_path / "static" / f"{part}.js").write_text(f"export default {part!r}")
    monkeypatch.setattr(_hub.resources, "files", lambda _: tmp_path)
    _hub.bundle.cache_clear()
    assert (_hub.bundle(), _hub.bundle("more")) == ("export default 'index'", "export default 'more'")
    _hub.bundle.cache_clear()
