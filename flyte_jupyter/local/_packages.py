"""Which packages a task's image would have and this interpreter lacks.

The SDK tells a backend the name of an image, not what is in it. What is written down literally can be read from the
code bundle: from the source of the task's module, or from a pickled task. Nothing of it is executed; what is not found
is not warned of.
"""

from __future__ import annotations

import ast
import gzip
import pickletools
import re
import tarfile
import threading
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from itertools import pairwise

from flyteidl2.task import task_definition_pb2

_METHOD = "with_pip_packages"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LARGEST = 8 * 1024 * 1024
# In a pickled image the packages of pip come after the fields that only layers of pip have.
_ONLY_PIP, _FIELD = "extra_args", "packages"


_parsing = threading.Lock()  # CPython 3.11 counts the depth of trees built in different threads together


def missing_packages(spec: task_definition_pb2.TaskSpec) -> list[str]:
    """The pip packages that the image of a task names and this interpreter has not."""
    arguments = tuple(spec.task_template.container.args)
    return [name for name in dict.fromkeys(_named(arguments)) if not _installed(name)]


def _installed(requirement: str) -> bool:
    match = _NAME.match(requirement)
    if match is None:
        return True  # an option or a URL, nothing to look up
    try:
        distribution(match[0])
    except PackageNotFoundError:
        return False
    return True


@lru_cache(maxsize=256)
def _named(arguments: tuple[str, ...]) -> tuple[str, ...]:
    options = dict(pairwise(arguments))
    try:
        if "--tgz" in options:
            source = _member(options["--tgz"], options.get("mod", ""))
            return tuple(in_source(source, options.get("instance", "")))
        if "--pkl" in options:
            with gzip.open(options["--pkl"]) as file:
                return tuple(in_pickle(file.read(_LARGEST)))
    except (OSError, EOFError, ValueError, SyntaxError, RecursionError, tarfile.TarError):
        pass
    return ()


def _member(archive: str, module: str) -> str:
    """The source of `module` in a bundle."""
    path = module.replace(".", "/")
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name.removeprefix("./")
            if member.isfile() and member.size < _LARGEST and name in (f"{path}.py", f"{path}/__init__.py"):
                file = tar.extractfile(member)
                return file.read().decode(errors="replace") if file else ""
    return ""


def in_source(source: str, task: str) -> Iterator[str]:
    """The packages of the image of the environment whose task `task` is, as far as the module says it literally."""
    with _parsing:
        tree = ast.parse(source)
    assigned = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == task:
            for decorator in node.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
                    yield from _of_environment(assigned.get(called.value.id), assigned)


def _of_environment(call: ast.expr | None, assigned: dict[str, ast.expr]) -> Iterator[str]:
    if isinstance(call, ast.Call):
        for keyword in call.keywords:
            if keyword.arg == "image":
                yield from _of_image(keyword.value, assigned)


def _of_image(image: ast.expr, assigned: dict[str, ast.expr]) -> Iterator[str]:
    if isinstance(image, ast.Name) and image.id in assigned:
        image = assigned[image.id]
    for node in ast.walk(image):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == _METHOD:
            for argument in node.args:
                for part in argument.elts if isinstance(argument, (ast.List, ast.Tuple)) else [argument]:
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield part.value


def in_pickle(data: bytes) -> Iterator[str]:
    """The packages in the images of a pickled task. The pickle is read as text is, not loaded."""
    fields: set[str] = set()
    names: list[str] | None = None
    for token in _tokens(pickletools.genops(data)):
        if isinstance(token, str):
            if names is not None:
                names.append(token)
            elif token == _FIELD and _ONLY_PIP in fields:
                names = []
            fields.add(token)
        else:
            if names is not None:
                yield from names
                names = None
            if token is _End.OBJECT:
                fields.clear()


class _End(Enum):
    VALUE = 1
    OBJECT = 2


def _tokens(operations: Iterable[tuple[pickletools.OpcodeInfo, object, int | None]]) -> Iterator[str | _End]:
    """The strings of a pickle in order, references resolved, and the ends of tuples, lists and objects."""
    memo: dict[int, str | None] = {}
    last: str | None = None
    for operation, argument, _ in operations:
        name = operation.name
        if name == "MEMOIZE":
            memo[len(memo)] = last
            continue
        if name in ("PUT", "BINPUT", "LONG_BINPUT"):
            memo[int(str(argument))] = last
            continue
        last = None
        if "UNICODE" in name:
            last = str(argument)
            yield last
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            last = memo.get(int(str(argument)))
            if last is not None:
                yield last
        elif name == "BUILD":
            yield _End.OBJECT
        elif name.startswith("TUPLE") or name in ("EMPTY_TUPLE", "APPENDS", "APPEND", "NONE", "SETITEMS"):
            yield _End.VALUE
