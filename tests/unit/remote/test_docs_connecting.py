"""What docs/connecting.md says is there: files that can be read, calls that can be made, keys as in the code."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import flyte_jupyter
from flyte_jupyter import remote
from flyte_jupyter.remote._config import _KEYS, resolve
from flyte_jupyter.remote._settings import auth_type

TEXT = (Path(__file__).parents[3] / "docs" / "connecting.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_file_can_be_read(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_PROGRAM_SECRET", "s3cret")
    path = tmp_path / "config.yaml"
    path.write_text(text)
    settings = resolve({}, config=path)
    assert settings.endpoint == "dns:///flyte.example.com"
    assert settings.auth_type in text


@pytest.mark.parametrize("text", blocks("python"))
def test_every_call_can_be_made(text: str) -> None:
    tree = compile(text, "connecting.md", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "flyte_jupyter.remote":
            assert all(hasattr(remote, name.name) for name in node.names)
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        functions: dict[str, Any] = {
            "flyte_jupyter.connect": flyte_jupyter.connect,
            "create_channel": remote.create_channel,
        }
        if name in functions:
            keywords = {str(keyword.arg): None for keyword in node.keywords}
            inspect.signature(functions[name]).bind(*node.args, **keywords)
            kinds = [k.value.value for k in node.keywords if k.arg == "auth_type" and isinstance(k.value, ast.Constant)]
            assert all(auth_type(str(kind)) == kind for kind in kinds)


def test_the_table_has_every_key_and_variable() -> None:
    for key in _KEYS:
        for name in (key.switch, *key.variables):
            assert f"`{name}`" in TEXT, name


@pytest.mark.parametrize("sentence", re.findall(r"^\| (.*?\.\.\..*?\.) \|", TEXT, re.MULTILINE))
def test_the_sentences_about_certificates_are_those_that_are_said(sentence: str) -> None:
    from flyte_jupyter.remote._tls import _PROBLEMS

    assert sentence in [text.format("...") for _, text, _ in _PROBLEMS]
