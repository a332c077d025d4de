"""The examples in the docstrings of `flyte_jupyter.remote`, run against a backend with the runs that they speak of."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flyte_jupyter import remote
from flyte_jupyter.remote import Client

# Examples that a test cannot run, and why.
SKIPPED = {
    "connect": "it names a backend of one's own",
    "remote": "likewise",
}


def examples() -> Iterator[doctest.DocTest]:
    """The examples of the package, of what it exports, and of their members."""
    parser = doctest.DocTestParser()
    found: dict[str, Any] = {"remote": remote}
    for name in remote.__all__:
        value = getattr(remote, name)
        found[name] = value
        if inspect.isclass(value):
            for base in value.__mro__:
                if base.__module__.startswith("flyte_jupyter.remote"):
                    members = {key: member for key, member in vars(base).items() if not key.startswith("_")}
                    found.update({f"{base.__name__}.{key}": member for key, member in members.items()})
    for name, value in sorted(found.items()):
        text = inspect.getdoc(value) if value is remote or not isinstance(value, str) else None
        test = parser.get_doctest(text or "", {}, name, None, 0)
        if test.examples:
            yield test


EXAMPLES = list(examples())


@pytest.mark.parametrize("test", EXAMPLES, ids=lambda test: test.name)
def test_an_example(test: doctest.DocTest, documented: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    everything = {name: getattr(remote, name) for name in remote.__all__}
    test.globs = {**everything, "remote": remote, "client": documented}
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=said.append)
    assert runner.failures == 0, "".join(said)


def test_only_examples_that_cannot_run_are_left_out() -> None:
    left_out = {test.name for test in EXAMPLES if any(each.options.get(doctest.SKIP, False) for each in test.examples)}
    assert left_out == set(SKIPPED)
