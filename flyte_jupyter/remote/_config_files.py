"""The SDK's configuration files: where they are, and what stands in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from flyte_jupyter.remote._errors import InvalidArgumentError

_SECTIONS = ("admin", "task")
_VARIABLES = ("UCTL_CONFIG", "FLYTECTL_CONFIG")


def find_file(*, in_cluster: bool = False) -> tuple[Path, dict[str, Any]] | None:
    """The configuration file that the SDK would take, with what stands in it.

    The first of: ./config.yaml, ./.flyte/config.yaml, .flyte/config.yaml at the root of the git repository, what
    UCTL_CONFIG or FLYTECTL_CONFIG names, ~/.union/config.yaml, ~/.flyte/config.yaml. A ./config.yaml without an
    `admin` or `task` section is some other program's and does not count.

    Args:
        in_cluster: Only what the variables name: a task must not take a file that came along with its code.

    Raises:
        InvalidArgumentError: The file cannot be read.
    """
    if not in_cluster:
        here = Path("config.yaml")
        if here.is_file() and _is_ours(here):
            content = read_file(here)
            if any(section in content for section in _SECTIONS):
                return here, content
    for path, named in _candidates(in_cluster):
        if named or path.is_file():
            return path, read_file(path, named)
    return None


def read_file(path: Path, named: str = "") -> dict[str, Any]:
    """What stands in a configuration file; nothing, if it is empty.

    Args:
        path: The file.
        named: What named it, for the error: "UCTL_CONFIG".

    Raises:
        InvalidArgumentError: There is no such file, or it is not YAML with sections.
    """
    import yaml

    origin = f", named by {named}," if named else ""
    try:
        text = path.expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        raise InvalidArgumentError(
            f"The configuration file {str(path)!r}{origin} cannot be read: {reason}.", "Give the path of a YAML file."
        ) from None
    try:
        content: object = yaml.safe_load(text)
    # The constructors of YAML's types raise what they like: a date of month 13 is a ValueError.
    except Exception as error:
        raise InvalidArgumentError(f"The configuration file {str(path)!r} is not YAML{_place(error)}.") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise InvalidArgumentError(
            f"The configuration file {str(path)!r} has no sections.", "It begins with admin: or task:, see the docs."
        )
    return {str(key): value for key, value in cast("dict[Any, Any]", content).items()}


def _candidates(in_cluster: bool) -> Iterator[tuple[Path, str]]:
    if not in_cluster:
        yield Path(".flyte", "config.yaml"), ""
        root = _git_root()
        if root is not None:
            yield root / ".flyte" / "config.yaml", ""
    for variable in _VARIABLES:
        if os.environ.get(variable):
            yield Path(os.environ[variable]), variable
    if not in_cluster:
        home = Path("~").expanduser()
        yield home / ".union" / "config.yaml", ""
        yield home / ".flyte" / "config.yaml", ""


def _git_root() -> Path | None:
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), None)


def _is_ours(path: Path) -> bool:
    # Another program's file need not be YAML at all: a template of Helm, say.
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any(line.lstrip("\ufeff{\"' ").startswith(_SECTIONS) for line in lines)


def _place(error: Exception) -> str:
    mark: Any = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or "")
    where = f" in line {mark.line + 1}" if mark is not None else ""
    return f"{where}: {problem}" if problem else where
