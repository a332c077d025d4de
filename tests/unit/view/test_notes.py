from flyte_jupyter.view._notes import ArmedAction, Notes

KEY = "localhost:1|p/d/r1"


class Channel:
    def __init__(self) -> None:
        self.posted: list[dict] = []

    def post(self, content, buffers=()) -> None:
        self.posted.append(content)


def test_a_notice_goes_to_a_page_that_is_there_and_each_has_its_own_id():
    channel = Channel()
    notes = Notes(lambda key: [], lambda: channel)
    assert notes.toast("r1 failed", "ValueError", "https://console/r1")
    assert notes.toast("r1 failed", "ValueError")
    first, second = channel.posted
    assert first == {
        "type": "toast",
        "id": first["id"],
        "title": "r1 failed",
        "text": "ValueError",
        "url": "https://console/r1",
    }
    assert first["id"] != second["id"]


def test_without_a_page_nobody_is_told():
    assert not Notes(lambda key: [], lambda: None).toast("r1 failed", "")


def test_views_are_told_what_changed_of_their_run_and_new_ones_what_is():
    channel, late = Channel(), Channel()
    notes = Notes(lambda key: [channel] if key == KEY else [], lambda: None)
    one = ArmedAction(1, "r1 failed", "notify", "armed", 0)
    notes.set_armed({KEY: [one], "other": [one]})
    notes.set_armed({KEY: [one]})
    assert channel.posted == [{"type": "armed", "run": KEY, "armed": [one._asdict()]}]
    notes.mounted(late, KEY)
    notes.mounted(late, "other")
    assert late.posted == channel.posted
    notes.set_armed({})
    assert channel.posted[1:] == [{"type": "armed", "run": KEY, "armed": []}]
