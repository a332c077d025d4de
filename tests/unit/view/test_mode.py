from types import SimpleNamespace

import pytest

from flyte_jupyter.view._mode import (
    VARIABLE,
    Form,
    FrontEnd,
    choose,
    initial_front_end,
    is_batch,
    kernel_of,
    setting,
)


@pytest.mark.parametrize(
    ("asked", "batch", "adopts", "has_widgets", "form"),
    [
        ("auto", False, False, None, Form.ADOPTED),
        ("auto", False, True, None, Form.ADOPTED),
        ("auto", False, True, True, Form.ADOPTED),
        ("auto", False, False, True, Form.WIDGET),
        ("auto", False, False, False, Form.ADOPTED),
        ("auto", True, True, True, Form.STATIC),
        ("static", False, True, True, Form.STATIC),
        ("static", True, False, None, Form.STATIC),
        ("widget", False, True, None, Form.WIDGET),
        ("widget", True, False, None, Form.WIDGET),
    ],
)
def test_the_form_of_an_output(asked, batch, adopts, has_widgets, form):
    assert choose(asked, batch=batch, front_end=FrontEnd(adopts, has_widgets)) is form


@pytest.mark.parametrize(("value", "asked"), [("", "auto"), (" Static ", "static"), ("widget", "widget")])
def test_the_setting(monkeypatch, value, asked):
    monkeypatch.setenv(VARIABLE, value)
    assert setting() == asked


def test_a_wrong_setting_is_one_sentence(monkeypatch):
    monkeypatch.setenv(VARIABLE, "on")
    with pytest.raises(ValueError, match=r"FLYTE_JUPYTER_DISPLAY is 'on'; it may be auto, static or widget\."):
        setting()


def _kernel(parent):
    return SimpleNamespace(get_parent=lambda channel: parent)


@pytest.mark.parametrize(
    ("kernel", "batch"),
    [
        (_kernel({"content": {"allow_stdin": False}}), True),
        (_kernel({"content": {"allow_stdin": True}}), False),
        (_kernel({"content": {}}), False),
        (_kernel({}), False),
        (object(), False),
    ],
)
def test_a_program_that_answers_no_input_is_a_batch_run(kernel, batch):
    assert is_batch(kernel) is batch


def test_voila_is_no_batch_run_and_nothing_falls_back_before_its_page_is_there(monkeypatch):
    kernel = _kernel({"content": {"allow_stdin": False}})
    assert initial_front_end() == FrontEnd(adopts=False, has_widgets=None)
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.13")
    assert is_batch(kernel) is False
    assert initial_front_end() == FrontEnd(adopts=False, has_widgets=False)
    assert choose("auto", batch=False, front_end=initial_front_end()) is Form.ADOPTED


def test_a_terminal_has_no_kernel():
    assert kernel_of(None) is None
    assert kernel_of(SimpleNamespace()) is None  # type: ignore[arg-type]
