"""Actions on real runs of the embedded backend."""

from __future__ import annotations

import time

import pytest

from flyte_jupyter import on
from flyte_jupyter.actions import (
    Abort,
    Armed,
    HistoryRow,
    InvalidConfigurationError,
    NotAllowedError,
    Notice,
    Notify,
    Rerun,
    RunTask,
    Service,
    Signal,
    add_notifier,
    armed_rows,
)
from flyte_jupyter.remote import NotFoundError, Run
from tests.integration.actions.conftest import Start
from tests.integration.support import until

pytestmark = pytest.mark.usefixtures("client")


def fired(armed: Armed, count: int = 1) -> list[HistoryRow]:
    """The executions that ended, once there are so many; oldest first."""

    def ended() -> list[HistoryRow]:
        rows = [row for row in reversed(armed.history) if row.state not in ("pending", "running", "skipped")]
        return rows if len(rows) >= count else []

    return until(ended, f"{count} of {armed}, whose history is {armed.history}")


def stands(armed: Armed, how: str) -> None:
    until(lambda: armed.row.standing == how, f"{how}: {armed}")


def test_a_failure_is_noticed_with_its_error(service: Service, start: Start) -> None:
    notices: list[Notice] = []
    remove = add_notifier(notices.append)
    armed = on(task="acting.broken").failed.do(Notify(text="{run} of {task}: {phase} by {error}"))
    run = start("broken")["broken"]
    (row,) = fired(armed)
    remove()
    assert (row.state, row.error) == ("succeeded", "")
    assert [notice.text for notice in notices] == [f"{run} of acting.broken: failed by ValueError: nothing works"]
    assert row.event == f"{run} (acting.broken) failed: ValueError: nothing works"
    assert notices[0].trigger == armed.id


def test_a_task_starts_another_with_its_output_and_once_only(service: Service, start: Start) -> None:
    armed = on(task="acting.train").succeeded.do(
        RunTask("acting.score", inputs={"model": "outputs.o0", "bonus": 3}), allow=["launch"]
    )
    start("train")
    (row,) = fired(armed)
    assert row.state == "succeeded", row.error
    score = Run.get(row.launched)
    score.wait()
    assert score.outputs().o0 == 53
    assert score.name == service.store.execution(row.id).run_name
    assert armed.row.fired == 1


def test_a_line_of_the_log_aborts(service: Service, start: Start) -> None:
    run = start("diverges")["diverges"]
    armed = on(run).log(r"loss=nan").do(Abort(reason="diverged"), allow=["abort"])
    (row,) = fired(armed)
    assert row.result == f"aborted {run}"
    again = Run.get(run)
    again.wait()
    assert again.phase == "aborted"
    assert again.details().action_details.abort_info is not None
    stands(armed, "run over")


def test_a_rerun_is_rerun_twice_at_most(service: Service, start: Start) -> None:
    run = start("broken")["broken"]
    armed = on(run).failed.do(Rerun(recover=True), allow=["launch"], max=2, replay=True)
    first, second = fired(armed, 2)
    assert first.event.startswith(run)
    assert second.event.startswith(first.launched)
    last = Run.get(second.launched)
    last.wait()
    until(lambda: armed.row.skipped == 1, "the third failure")
    assert "fired 2 times" in armed.history[0].error


def test_what_waits_for_a_person_calls_a_function(service: Service, start: Start) -> None:
    armed = on(condition="paused").do(lambda event, run: f"{run.name} asks {event.prompt}")
    run = start("asks")["asks"]
    (row,) = fired(armed)
    assert row.result == f"called {row.result.split(' ')[1]} {run} asks Go on?"
    armed.remove()
    Run.get(run).abort()


def test_a_condition_is_answered(service: Service, start: Start) -> None:
    armed = on(task="acting.asks").running.do(Notify())
    run = start("asks")["asks"]
    fired(armed)
    answered = on(run, condition="approve").do(Signal(value="yes"), allow=["signal"], replay=True)
    (row,) = fired(answered)
    assert row.result == f"answered approve of {run} with 'yes'"
    again = Run.get(run)
    again.wait()
    assert again.outputs().o0 is True


def test_history_fires_nothing_unless_asked(service: Service, start: Start) -> None:
    run = start("train")["train"]
    Run.get(run).wait()
    quiet = [on(run).succeeded.do(Notify()), on(task="acting.train").succeeded.do(Notify())]
    asked = on(run).succeeded.do(Notify(), replay=True)
    assert [row.event for row in fired(asked)] == [f"{run} (acting.train) succeeded"]
    for armed in quiet:
        assert armed.history == []
    assert [armed.row.standing for armed in quiet] == ["run over", "armed"], "as soon as they are armed"


def test_what_is_paused_lets_events_pass_and_resumes_after_them(service: Service, start: Start) -> None:
    armed = on(task="acting.train").succeeded.do(Notify())
    armed.pause()
    stands(armed, "paused")
    Run.get(start("train")["train"]).wait()
    armed.resume()
    run = start("train")["train"]
    (row,) = fired(armed)
    assert row.event.startswith(run)


def test_testing_does_nothing(service: Service, start: Start) -> None:
    run = start("sleepy")["sleepy"]
    armed = on(run).aborted.do(Rerun(), allow=["launch"])
    would = armed.test()
    assert f"{run} aborted -> would rerun {run} as fja" in would
    assert armed.history == []
    armed.remove()
    Run.get(run).abort()
    with pytest.raises(NotFoundError):
        Run.get(would.split()[-1])
    assert [row.id for row in armed_rows()] == []


def test_what_is_not_allowed_is_not_armed(service: Service, start: Start) -> None:
    asked: list[str] = []

    def refuse(question: str) -> bool:
        asked.append(question)
        return False

    with pytest.raises(NotAllowedError):
        on(task="acting.train").failed.do(RunTask("acting.score"), ask=refuse)
    with pytest.raises(NotAllowedError, match=r"allow=\['launch'\]"):
        on(task="acting.train").failed.do(RunTask("acting.score"), allow=[])
    assert asked == ["task acting.train failed -> run_task acting.score: may this launch in your name for 48 h?"]
    assert service.store.actions() == []


@pytest.mark.parametrize("window", [-1, float("nan"), float("inf"), 1e30])
def test_a_window_that_makes_no_sense_is_refused(service: Service, window: float) -> None:
    with pytest.raises(InvalidConfigurationError, match=r"number of hours, 0 for ever, and not"):
        on(task="acting.train").failed.do(Notify(), window=window)
    assert service.store.actions() == []


def test_a_short_window_is_not_for_ever(service: Service) -> None:
    armed = on(task="acting.train").failed.do(Notify(), window=0.005)
    assert service.store.action(service.store.trigger(armed.id).action_id).auth_window == 1


def test_what_was_armed_by_a_package_that_is_gone_can_be_removed(service: Service) -> None:
    armed = on(task="acting.train").failed.do(Notify())
    action = service.store.action(service.store.trigger(armed.id).action_id)
    service.store.restore_action(action.model_copy(update={"flavor": "gone"}))
    armed.remove()
    assert (service.store.triggers(), service.store.actions()) == ([], [])


def test_the_same_is_armed_once(service: Service, start: Start) -> None:
    failure = on(task="acting.train").failed
    armed = failure.do(Notify())
    assert failure.do(Notify()).id == armed.id
    others = [failure.do(Notify(text="{run}")), failure.do(Notify(), max=2), failure.do(Notify(), window=1)]
    assert len({armed.id, *(other.id for other in others)}) == 4
    armed.pause()
    assert failure.do(Notify()).id != armed.id


def test_what_cannot_be_allowed_is_refused(service: Service) -> None:
    with pytest.raises(InvalidConfigurationError, match="allow"):
        on(task="acting.train").failed.do(Notify(), allow=["lunch"])  # type: ignore[list-item]


def test_consent_ends_with_its_time(service: Service, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    armed = on(task="acting.train").succeeded.do(RunTask("acting.score"), allow=["launch"], window=1)
    monkeypatch.setattr(service.store, "now", lambda: time.time() + 3601)
    assert armed.row.standing == "expired"
    service.store.beat(service.process)
    service.store.acquire(next(iter(service.connections.values())).scope, service.process)
    start("train")
    until(lambda: armed.row.skipped == 1, "the event that is let pass")
    assert "time that is over" in armed.history[0].error
    armed.resume(allow=True)
    assert armed.row.standing == "armed"
