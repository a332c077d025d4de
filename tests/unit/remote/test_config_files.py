from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flyte_jupyter.remote import InvalidArgumentError
from flyte_jupyter.remote._config_files import find_file, read_file

ADMIN = "admin:\n  endpoint: dns:///flyte.example.com\n"


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Every place of a configuration file, all empty, in the order in which they are looked at."""
    root, home = tmp_path / "repository", tmp_path / "home"
    here = root / "notebooks"
    for folder in (here / ".flyte", root / ".git", root / ".flyte", home / ".union", home / ".flyte"):
        folder.mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.delenv("UCTL_CONFIG", raising=False)
    monkeypatch.delenv("FLYTECTL_CONFIG", raising=False)
    return {
        "here": here / "config.yaml",
        "dot": here / ".flyte" / "config.yaml",
        "git": root / ".flyte" / "config.yaml",
        "UCTL_CONFIG": tmp_path / "uctl.yaml",
        "FLYTECTL_CONFIG": tmp_path / "flytectl.yaml",
        "union": home / ".union" / "config.yaml",
        "flyte": home / ".flyte" / "config.yaml",
    }


def found() -> str | None:
    pair = find_file()
    return None if pair is None else str(pair[1]["admin"]["name"])


def test_the_order_of_the_places(places: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    assert found() is None
    for name, path in reversed(places.items()):
        path.write_text(f"admin:\n  name: {name}\n")
        if name.isupper():
            monkeypatch.setenv(name, str(path))
        assert found() == name


@pytest.mark.parametrize(
    "text", ["server:\n  port: 1\n", "", "- a\n- b\n", "{{ .Values.helm }}\n", "adminton: 1\n", "a: [\n"]
)
def test_another_program_s_file_does_not_count(places: dict[str, Path], text: str) -> None:
    places["here"].write_text(text)
    places["flyte"].write_text("admin:\n  name: flyte\n")
    assert found() == "flyte"


@pytest.mark.parametrize("text", ["task:\n  project: p\n", "# ours\nadmin:\n  name: x\n", '{"admin": {"name": "x"}}'])
def test_a_file_of_ours_counts(places: dict[str, Path], text: str) -> None:
    places["here"].write_text(text)
    pair = find_file()
    assert pair is not None
    assert pair[0] == Path("config.yaml")


def test_in_a_cluster_only_the_variables_count(places: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for path in places.values():
        path.write_text(ADMIN)
    assert find_file(in_cluster=True) is None
    monkeypatch.setenv("FLYTECTL_CONFIG", str(places["FLYTECTL_CONFIG"]))
    pair = find_file(in_cluster=True)
    assert pair is not None
    assert pair[0] == places["FLYTECTL_CONFIG"]


def test_a_variable_that_names_no_file(places: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UCTL_CONFIG", "/nowhere/config.yaml")
    with pytest.raises(InvalidArgumentError, match=r"'/nowhere/config.yaml', named by UCTL_CONFIG, cannot be read: No"):
        find_file()


def write(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (write("admin:\n  endpoint: [\n"), "is not YAML in line 3"),
        (write("admin: !!python/object/apply:os.system ['true']"), "is not YAML"),
        (write("task:\n  project: 2024-13-45"), "is not YAML"),
        (write("[" * 5000), "is not YAML"),
        (write("admin"), "has no sections"),
        (lambda path: path.write_bytes(b"\xff\xfeadmin"), "cannot be read"),
        (lambda path: path.mkdir(), "cannot be read"),
        (lambda path: None, "cannot be read: No such file"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_that_names_the_file(
    tmp_path: Path, make: Callable[[Path], object], sentence: str
) -> None:
    path = tmp_path / "mine.yaml"
    make(path)
    with pytest.raises(InvalidArgumentError, match=sentence) as caught:
        read_file(path)
    assert "mine.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_byte_order_mark_and_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + ADMIN.encode())
    assert read_file(path) == {"admin": {"endpoint": "dns:///flyte.example.com"}}
    path.write_text("# nothing\n")
    assert read_file(path) == {}
