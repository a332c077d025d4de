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
    "Client": "one closes the connection, and one needs an SDK that is initialised",
    "Run": "one needs a run of an SDK that is initialised",
    "Action": "likewise",
}


def documented_things() -> Iterator[tuple[str, list[Any]]]:
    """The package and what it exports, a class with its members in the order in which they are defined."""
    yield "remote", [remote]
    for name in remote.__all__:
        value = getattr(remote, name)
        found = [value]
        if inspect.isclass(value):
            for base in value.__mro__:
                if base.__module__.startswith("flyte_jupyter.remote"):
                    found += [member for key, member in vars(base).items() if not key.startswith("_")]
        yield name, found


def examples() -> Iterator[tuple[str, list[doctest.DocTest]]]:
    parser = doctest.DocTestParser()
    for name, things in documented_things():
        texts = [inspect.getdoc(each) or "" for each in things if not isinstance(each, (str, int))]
        tests = [parser.get_doctest(text, {}, name, None, 0) for text in texts if ">>>" in text]
        if tests:
            yield name, tests


EXAMPLES = dict(examples())


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of(name: str, documented: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    everything = {each: getattr(remote, each) for each in remote.__all__}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    said: list[str] = []
    for test in EXAMPLES[name]:
        test.globs = {**everything, "remote": remote, "client": documented, "Path": Path}
        runner.run(test, out=said.append)
    assert runner.failures == 0, "".join(said)


def test_only_examples_that_cannot_run_are_left_out() -> None:
    left_out = {
        name
        for name, tests in EXAMPLES.items()
        if any(each.options.get(doctest.SKIP, False) for test in tests for each in test.examples)
    }
    assert left_out == set(SKIPPED)
