from flyteidl2.workflow.run_definition_pb2 import ActionDetails

from flyte_jupyter.live._details import ActionError, abort_reason_of, error_of, excerpt, since
from tests.unit.live.messages import RUNNING, START


def test_an_error_stands_above_or_in_the_last_attempt():
    details = ActionDetails()
    assert error_of(details) is None
    details.attempts.add().error_info.message = "first"
    last = details.attempts.add()
    last.error_info.message, last.error_info.kind = "last", 2  # pyright: ignore[reportAttributeAccessIssue]
    assert error_of(details) == ActionError("SYSTEM", "", "last")
    details.error_info.message, details.error_info.code = "above", "ValueError"
    assert error_of(details) == ActionError("", "ValueError", "above")


def test_who_ran_since_when():
    details = ActionDetails()
    assert since(details, RUNNING) is None
    for started in (START + 900, START + 300):
        transition = details.attempts.add().phase_transitions.add()
        transition.phase = RUNNING  # pyright: ignore[reportAttributeAccessIssue]
        transition.start_time.FromMilliseconds(started)
    details.attempts[0].phase_transitions.add().start_time.FromMilliseconds(START)  # another phase
    assert since(details, RUNNING) == START + 300


def test_the_reason_of_an_abort():
    details = ActionDetails()
    assert abort_reason_of(details) == ""
    details.abort_info.reason = "too slow"
    assert abort_reason_of(details) == "too slow"


def test_an_excerpt_keeps_the_end_where_tracebacks_tell_what_happened():
    assert excerpt("  short \n") == "short"
    long = "Traceback\n" + "line\n" * 2000 + "ValueError: bad"
    cut = excerpt(long)
    assert len(cut) < 2100
    assert cut.startswith("Traceback")
    assert cut.endswith("ValueError: bad")
    assert "…" in cut


def test_an_error_is_led_by_its_code_where_the_message_does_not_tell_it():
    assert ActionError("USER", "ValueError", "no such thing").text == "ValueError: no such thing"
    assert ActionError("USER", "ValueError", "Traceback\nValueError: bad").text == "Traceback\nValueError: bad"
    assert ActionError("USER", "", "bad").text == "bad"
    assert ActionError("SYSTEM", "OOM", "").text == "OOM"
