from __future__ import annotations

import subprocess
import sys

import flyte_jupyter.remote as remote


def loaded(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


def test_importing_loads_no_wire_and_nothing_of_the_rest() -> None:
    modules = loaded("import flyte_jupyter.remote")
    for name in (
        "flyteidl2",
        "grpc",
        "connectrpc",
        "pyqwest",
        "httpx",
        "msgpack",
        "flyte",
        "IPython",
        "ipywidgets",
        "protovalidate",
        "fsspec",
        "pandas",
        "polars",
        "rich",
    ):
        assert name not in modules, f"{name} is loaded before it is needed"


def test_grpc_s_fork_handlers_are_off_before_it_is_loaded() -> None:
    program = "import flyte_jupyter, os; print(os.environ['GRPC_ENABLE_FORK_SUPPORT'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "0\n"


def test_everything_public_is_there_and_documented() -> None:
    for name in remote.__all__:
        value = getattr(remote, name)
        if name not in ("TERMINAL_PHASES", "methods"):
            assert value.__doc__, name
        if isinstance(value, type) and value.__module__.startswith("flyte_jupyter"):
            for member in vars(value):
                if not member.startswith("_") and callable(getattr(value, member)):
                    assert getattr(value, member).__doc__, f"{name}.{member}"
