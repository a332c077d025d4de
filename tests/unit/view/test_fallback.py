import pytest

from flyte_jupyter.view._fallback import LONG_PATIENCE, PATIENCE, Acknowledgement, Verdict


def _listen(ack: Acknowledgement, seconds: float, adopts: bool = False, has_widgets: bool | None = None) -> Verdict:
    return ack.listened(seconds, adopts=adopts, has_widgets=has_widgets)


def test_a_page_that_adopts_settles_it():
    ack = Acknowledgement()
    assert _listen(ack, 0.1) is Verdict.WAIT
    assert _listen(ack, 100, adopts=True) is Verdict.SETTLED


def test_nobody_answers():
    ack = Acknowledgement()
    assert _listen(ack, PATIENCE / 2) is Verdict.WAIT
    assert _listen(ack, 0) is Verdict.WAIT
    assert _listen(ack, PATIENCE / 2) is Verdict.FALL_BACK


@pytest.mark.parametrize(
    ("has_widgets", "seconds", "verdict"),
    [
        (None, PATIENCE, Verdict.WAIT),
        (None, LONG_PATIENCE, Verdict.GIVE_UP),
        (True, 0.1, Verdict.SETTLED),
        (False, 0.1, Verdict.SETTLED),
    ],
)
def test_after_falling_back(has_widgets, seconds, verdict):
    ack = Acknowledgement()
    _listen(ack, PATIENCE)
    ack.fallen_back()
    assert _listen(ack, seconds, has_widgets=has_widgets) is verdict


def test_where_widgets_are_known_to_work_an_output_still_has_to_become_one():
    assert _listen(Acknowledgement(), PATIENCE, has_widgets=True) is Verdict.FALL_BACK


def test_where_neither_works_nothing_is_tried():
    assert _listen(Acknowledgement(), PATIENCE, has_widgets=False) is Verdict.SETTLED
