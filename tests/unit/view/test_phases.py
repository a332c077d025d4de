import pytest

from flyte_jupyter.remote import TERMINAL_PHASES, ActionPhase
from flyte_jupyter.view import _phases

WHITE, DARK = "#ffffff", "#212121"


def _luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("phase", list(ActionPhase))
def test_every_phase_of_flyte_has_a_look(phase):
    look = _phases.look(phase.number)
    assert (look == _phases.UNKNOWN) == (phase is ActionPhase.UNSPECIFIED)
    assert (phase.number in _phases.TERMINAL) == (phase in TERMINAL_PHASES)


def test_icons_and_words_tell_phases_apart():
    looks = list(_phases.PHASES.values())
    assert len({look.icon for look in looks}) == len({look.word for look in looks}) == len(looks)


@pytest.mark.parametrize("background", [WHITE, DARK])
@pytest.mark.parametrize("look", _phases.PHASES.values(), ids=lambda look: look.word)
def test_an_icon_can_be_seen_on_light_and_dark(look, background):
    assert _contrast(look.color, background) >= 3


def test_counts_are_ordered_and_unknown_phases_come_last():
    counts = {_phases.QUEUED: 3, _phases.FAILED: 1, _phases.SUCCEEDED: 2, 99: 4, _phases.RUNNING: 0}
    assert _phases.ordered(counts) == [(_phases.SUCCEEDED, 2), (_phases.FAILED, 1), (_phases.QUEUED, 3), (99, 4)]
    assert _phases.look(99) == _phases.UNKNOWN
