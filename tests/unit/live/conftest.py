import pytest

from flyte_jupyter.remote import BackgroundLoop


@pytest.fixture
def own_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop of the test stands in for the background loop."""
    monkeypatch.setattr(BackgroundLoop, "is_current", True)
