import asyncio

import pytest

from flyte_jupyter.view._publisher import HEARTBEAT, IN_SIGHT, UNHURRIED, Publisher
from tests.unit.live.messages import QUEUED, RUNNING, action, feed, run_state
from tests.unit.live.virtual import until, virtual
from tests.unit.view.pages import PostBox


class Page:
    """A publisher under a clock of the test's, one channel and one run."""

    def __init__(self) -> None:
        self.now = 100.0
        self.box = PostBox()
        self.publisher = Publisher(lambda: self.now)
        self.state = run_state()
        feed(self.state, action("a0"))
        self.state.told = True

    def mount(self, vid: str = "m") -> None:
        self.publisher.mount(vid, self.box, self.state)

    def change(self, name: str = "b", phase: int = QUEUED) -> None:
        feed(self.state, action(name, phase, "a0"))
        self.publisher.changed(self.state)

    def tick(self) -> list[str]:
        self.wait = self.publisher.tick()
        return self.box.kinds()

    def tick_after(self, seconds: float) -> list[str]:
        self.now += seconds
        return self.tick()


@pytest.fixture
def page() -> Page:
    return Page()


def test_nothing_is_sent_and_nothing_is_due_while_nobody_looks(page: Page):
    page.change()
    assert page.tick() == []
    assert page.wait is None


def test_a_mount_gets_a_snapshot_and_then_what_changes(page: Page):
    page.mount()
    assert page.tick() == ["snapshot"]
    assert page.tick_after(1) == []
    page.change()
    assert page.tick() == ["delta"]


def test_a_run_in_sight_is_sent_thirty_times_a_second(page: Page):
    page.mount()
    page.tick()
    page.change("b")
    page.change("c")
    assert page.tick_after(IN_SIGHT / 2) == []
    assert page.wait == pytest.approx(IN_SIGHT / 2)
    assert page.tick_after(IN_SIGHT) == ["delta"]


def test_a_hidden_run_is_sent_twice_a_second_and_at_once_when_it_comes_into_sight(page: Page):
    page.mount()
    page.tick()
    page.publisher.seen("m", False)
    page.change()
    assert page.tick_after(UNHURRIED / 2) == []
    assert page.wait == pytest.approx(UNHURRIED / 2)
    page.publisher.seen("m", True)
    assert page.tick() == ["delta"]
    page.publisher.seen("m", False)
    page.change("c")
    assert page.tick_after(UNHURRIED) == ["delta"]


def test_a_large_run_is_not_held_up_by_frames_until_all_is_told(page: Page):
    page.state.told = False
    page.mount()
    assert page.tick() == ["snapshot"]
    page.change("b")
    assert page.tick_after(IN_SIGHT) == []
    assert page.tick_after(UNHURRIED) == ["delta"]
    page.change("c")
    page.state.told = True
    assert page.tick_after(IN_SIGHT) == ["delta"]


def test_one_mount_in_sight_is_enough(page: Page):
    page.mount("m")
    page.mount("n")
    page.tick()
    page.publisher.seen("m", False)
    page.change()
    assert page.tick_after(IN_SIGHT) == ["delta"]


def test_a_gap_is_answered_by_a_snapshot_that_counts_on(page: Page):
    page.mount()
    page.tick()
    page.publisher.resync(page.box, page.state.key)
    page.now += 1
    page.publisher.tick()
    assert [(frame["kind"], frame["seq"]) for frame in page.box.sent] == [("snapshot", 2)]
    page.publisher.resync(page.box, "another run")
    page.box.kinds()
    assert page.tick_after(1) == []


def test_who_comes_back_finds_the_count_going_on(page: Page):
    page.mount()
    page.change()
    page.tick()
    page.publisher.unmount("m")
    assert page.state.changes == []
    page.mount("n")
    page.now += 1
    page.publisher.tick()
    assert [(frame["kind"], frame["seq"]) for frame in page.box.sent] == [("snapshot", 2)]


def test_a_state_that_is_built_anew_is_sent_whole_and_counts_on(page: Page):
    page.mount()
    page.tick()
    anew = run_state()
    feed(anew, action("a0"), action("z", RUNNING, "a0"))
    page.publisher.replaced(anew)
    page.now += 1
    page.publisher.tick()
    assert [(frame["kind"], frame["seq"], frame["rows"]) for frame in page.box.sent] == [("snapshot", 2, 2)]


def test_the_heart_beats_while_there_are_mounts(page: Page):
    page.mount()
    assert page.tick() == ["snapshot"]
    assert page.wait == pytest.approx(HEARTBEAT)
    assert page.tick_after(HEARTBEAT) == ["beat"]
    assert page.tick_after(HEARTBEAT - 0.1) == []
    assert page.tick_after(0.1) == ["beat"]
    page.publisher.unmount("m")
    assert page.tick_after(HEARTBEAT) == []
    assert page.wait is None


def test_a_beat_tells_the_number_of_the_latest_frame(page: Page):
    page.mount()
    page.tick()
    page.change()
    page.tick_after(1)
    page.tick_after(HEARTBEAT)
    page.publisher.tick()
    page.mount("n")
    page.now += HEARTBEAT
    page.publisher.tick()
    (beat,) = [message for message in page.box.sent if message["type"] == "beat"]
    assert beat["runs"] == {page.state.key: 3}


def test_two_runs_are_counted_apart(page: Page):
    page.mount()
    other = run_state()
    other.key = "localhost:8090|p/development/r2"
    feed(other, action("a0"))
    page.publisher.mount("o", page.box, other)
    page.publisher.tick()
    assert {(frame["run"], frame["seq"]) for frame in page.box.sent} == {(page.state.key, 1), (other.key, 1)}
    page.box.kinds()
    page.change()
    page.now += 1
    page.publisher.tick()
    assert [frame["run"] for frame in page.box.sent] == [page.state.key]


def test_a_closed_channel_is_forgotten(page: Page):
    page.mount()
    page.publisher.drop(page.box)
    page.change()
    assert page.tick_after(HEARTBEAT) == []
    assert page.state.changes == []


def test_messages_about_unknown_mounts_do_nothing(page: Page):
    page.publisher.seen("x", True)
    page.publisher.unmount("x")
    assert page.tick() == []


def test_a_page_that_cannot_be_reached_harms_nobody(page: Page):
    page.mount()
    page.box.broken = True
    assert page.tick() == []
    assert page.tick_after(HEARTBEAT) == []
    page.box.broken = False
    page.change()
    assert page.tick_after(1) == ["delta"]


def test_a_frame_that_cannot_be_written_is_not_tried_for_ever(page: Page, monkeypatch):
    page.mount()
    page.tick()
    monkeypatch.setattr("flyte_jupyter.live.FrameWriter.delta", lambda _: 1 / 0)
    page.change()
    assert page.tick_after(1) == []
    assert page.wait == pytest.approx(HEARTBEAT - 1)
    monkeypatch.undo()
    page.change("c")
    assert page.tick_after(1) == ["delta"]


@virtual
async def test_it_wakes_when_something_changes_and_rests_otherwise():
    loop = asyncio.get_running_loop()
    box, state = PostBox(), run_state()
    feed(state, action("a0"))
    publisher = Publisher(loop.time)
    task = loop.create_task(publisher.run())
    await asyncio.sleep(3600 / 2)
    assert box.kinds() == []
    publisher.mount("m", box, state)
    await until(lambda: box.sent)
    assert box.kinds() == ["snapshot"]
    feed(state, action("b", QUEUED, "a0"))
    publisher.changed(state)
    await until(lambda: box.sent, HEARTBEAT)
    assert box.kinds() == ["delta"]
    await asyncio.sleep(2 * HEARTBEAT)
    assert box.kinds() == ["beat", "beat"]
    task.cancel()
    await asyncio.wait([task])
