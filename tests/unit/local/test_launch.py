"""The launcher, with real processes, forked from a warm server and spawned."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import certifi
import pytest
import pytest_asyncio

from flyte_jupyter.local._launch import LaunchError, LaunchSpec, ServedLauncher, create_launcher, needs_spawn

pytestmark = pytest.mark.asyncio(loop_scope="module")

REPOSITORY = str(Path(__file__).parents[3])
ENTRY = "tests.unit.local.launch_entry:main"


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["warm", "cold"])
async def launcher(request: pytest.FixtureRequest) -> AsyncIterator[ServedLauncher]:
    launcher = create_launcher(warm=request.param == "warm", entry=ENTRY)
    await launcher.start()
    yield launcher
    await launcher.close()


@pytest.fixture
def spec(tmp_path: Path) -> Callable[..., LaunchSpec]:
    """Make the spec of a process that runs Python text, in a directory of its own."""

    def make(
        code: str, *args: str, env: dict[str, str] | None = None, python_path: list[str] | None = None
    ) -> LaunchSpec:
        return LaunchSpec(
            args=[code, *args],
            env={**os.environ, **(env or {})},
            cwd=tmp_path,
            log=tmp_path / "log",
            python_path=[*(python_path or []), REPOSITORY],
        )

    return make


async def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, f"never came: {what}"
        await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether `pid` runs; a zombie does not."""
    if sys.platform == "linux":  # where ps need not be installed
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].strip()
        except (FileNotFoundError, ProcessLookupError):
            return False
    else:
        command = ["ps", "-o", "stat=", "-p", str(pid)]
        state = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return bool(state) and not state.startswith("Z")


async def pids_in(path: Path, count: int) -> list[int]:
    await until(lambda: path.exists() and len(path.read_text().split()) >= count, f"{count} pids in {path}")
    return [int(word) for word in path.read_text().split()]  # noqa: ASYNC240


FAMILY = """
import subprocess, sys, os, signal, time
{prelude}
child = subprocess.Popen([sys.executable, "-c", {grandchild!r}])
with open("pids", "a") as file:
    file.write(f"{{os.getpid()}} {{child.pid}} ")
time.sleep(300)
"""
SLEEPS = "import time; time.sleep(300)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
DETACHED = """
import os, time
if os.fork():
    while not os.path.exists("detached"): time.sleep(0.01)
    os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
with open("writing", "w") as file: file.write(str(os.getpid()))
os.rename("writing", "detached")
time.sleep(300)
"""


async def test_is_forked_from_a_process_that_has_the_sdk_or_spawned(launcher: ServedLauncher, spec) -> None:
    process = await launcher.launch(spec("import sys; print('flyte._bin.runtime' in sys.modules)"))
    assert await process.wait() == 0
    forked = spec("").log.read_text().strip() == "True"
    assert forked == launcher.warm


@pytest.mark.parametrize(
    ("code", "returncode"),
    [
        ("pass", 0),
        ("raise SystemExit(7)", 7),
        ("raise SystemExit('no')", 1),
        ("1/0", 1),
        ("import os; os._exit(3)", 3),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
        ("import os; os.abort()", -signal.SIGABRT),
    ],
)
async def test_returns_the_exit_code_or_signal(launcher: ServedLauncher, spec, code: str, returncode: int) -> None:
    process = await launcher.launch(spec(code))
    assert await process.wait() == returncode
    assert process.returncode == returncode


async def test_prints_the_traceback_of_the_user_alone(launcher: ServedLauncher, spec) -> None:
    await (await launcher.launch(spec("1/0"))).wait()
    log = spec("").log.read_text()
    assert "ZeroDivisionError: division by zero" in log
    assert "_zygote" not in log


async def test_keeps_the_order_of_output_and_errors(launcher: ServedLauncher, spec) -> None:
    code = (
        "import os, sys\n"
        "for i in range(200):\n"
        "    print('out', i); print('err', i, file=sys.stderr); os.write(1, b'raw %d\\n' % i)\n"
    )
    await (await launcher.launch(spec(code))).wait()
    expected = [line for i in range(200) for line in (f"out {i}", f"err {i}", f"raw {i}")]
    assert spec("").log.read_text().splitlines() == expected


async def test_output_is_in_the_log_before_the_process_ends(launcher: ServedLauncher, spec) -> None:
    process = await launcher.launch(spec("import time; print('here'); time.sleep(300)"))
    await until(lambda: spec("").log.read_text() == "here\n", "the line")
    await process.terminate()


async def test_appends_to_the_log_whose_mode_is_private(launcher: ServedLauncher, spec) -> None:
    for _ in range(2):
        await (await launcher.launch(spec("print('again')"))).wait()
    assert spec("").log.read_text() == "again\nagain\n"
    assert spec("").log.stat().st_mode & 0o777 == 0o600


async def test_writes_a_line_of_a_megabyte_and_bytes_that_are_no_text(launcher: ServedLauncher, spec) -> None:
    code = "import sys; print('x' * (1 << 20)); sys.stdout.flush(); sys.stdout.buffer.write(b'\\xff\\xfe\\n')"
    await (await launcher.launch(spec(code))).wait()
    assert spec("").log.read_bytes() == b"x" * (1 << 20) + b"\n\xff\xfe\n"


async def test_each_launch_has_its_environment_path_and_directory(launcher: ServedLauncher, spec, tmp_path) -> None:
    code = (
        "import os, sys, time\n"
        "print([os.environ.get(name) for name in ('A', 'B', 'HOME')], os.getcwd(), sys.argv[2:])\n"
        "print(sys.path[0] == '', sys.path[1:3], os.environ['PYTHONPATH'], time.tzname[0])\n"
        "import mine; print(mine.VALUE)\n"
    )
    logs: list[list[str]] = []
    for name in ("one", "two"):
        place = tmp_path / name
        place.mkdir()
        (place / "mine.py").write_text(f"VALUE = {name!r}\n")
        base = spec(code, "--x", name, python_path=[str(place)])
        env = {"A": name, "PATH": os.environ["PATH"], "PYTHONPATH": "/nowhere", "TZ": f"{name.upper()}4"}
        process = await launcher.launch(LaunchSpec(base.args, env, place, place / "log", base.python_path))
        assert await process.wait() == 0, (place / "log").read_text()
        logs.append((place / "log").read_text().splitlines())
    for name, lines in zip(("one", "two"), logs, strict=True):
        place = tmp_path / name
        paths = [str(place), REPOSITORY]
        assert lines == [
            f"{[name, None, None]} {place} {['--x', name]}",
            f"True {paths} {os.pathsep.join([*paths, '/nowhere'])} {name.upper()}",
            name,
        ]


async def test_reads_nothing_from_stdin_and_leads_a_session_of_its_own(launcher: ServedLauncher, spec) -> None:
    code = "import os, sys; print(repr(sys.stdin.read()), os.getsid(0) == os.getpid() == os.getpgrp())"
    await (await launcher.launch(spec(code))).wait()
    assert spec("").log.read_text() == "'' True\n"


async def test_inherits_no_descriptor(launcher: ServedLauncher, spec) -> None:
    process = await launcher.launch(spec("import os; print(sorted(os.listdir('/dev/fd')))"))
    await process.wait()
    extra = set(eval(spec("").log.read_text())) - {"0", "1", "2"}
    # The listing itself, and the selector and the pair of the SDK's own event loop.
    assert len(extra) <= (4 if launcher.warm else 1), extra


async def test_the_sdk_works_in_it(launcher: ServedLauncher, spec) -> None:
    code = (
        "import os, threading\n"
        "import flyte, flyte.syncify, fsspec.config, logging\n"
        "@flyte.syncify.syncify\n"
        "async def f(): return threading.current_thread().name\n"
        "print(f(), fsspec.config.conf.get('file'), logging.getLogger('flyte').getEffectiveLevel())\n"
    )
    env = {"FSSPEC_FILE": '{"auto_mkdir": true}', "LOG_LEVEL": "10"}
    process = await launcher.launch(spec(code, env=env))
    assert await process.wait() == 0
    assert spec("").log.read_text() == "flyte_syncify {'auto_mkdir': True} 10\n"


async def test_root_certificates_are_read_once_unless_others_are_asked_for(launcher: ServedLauncher, spec) -> None:
    code = (
        "import ssl\n"
        "loads, load = [], ssl.SSLContext.load_verify_locations\n"
        "def watched(*args, **kwargs): loads.append(1); load(*args, **kwargs)\n"
        "ssl.SSLContext.load_verify_locations = watched\n"
        "from flyte.remote._client.auth._session import get_async_session\n"
        "get_async_session(); get_async_session(); print(len(loads))\n"
        "import httpx; httpx.AsyncClient(); print(len(loads))\n"
    )
    await (await launcher.launch(spec(code))).wait()
    assert spec("").log.read_text() == ("0\n1\n" if launcher.warm else "2\n3\n")
    spec("").log.unlink()
    await (await launcher.launch(spec(code, env={"SSL_CERT_FILE": certifi.where()}))).wait()
    assert spec("").log.read_text() == "2\n3\n"


async def test_exit_functions_and_threads_run_to_their_end(launcher: ServedLauncher, spec) -> None:
    code = (
        "import atexit, threading, time\n"
        "atexit.register(print, 'exit function')\n"
        "def work():\n    time.sleep(0.1); print('thread')\n"
        "threading.Thread(target=work).start(); print('main')\n"
    )
    assert await (await launcher.launch(spec(code))).wait() == 0
    assert spec("").log.read_text() == "main\nthread\nexit function\n"


async def test_forked_processes_do_not_share_random_numbers(launcher: ServedLauncher, spec) -> None:
    for _ in range(2):
        await (await launcher.launch(spec("import random; print(random.random())"))).wait()
    first, second = spec("").log.read_text().split()
    assert first != second


async def test_many_at_once(launcher: ServedLauncher, spec) -> None:
    count = 20
    processes = await asyncio.gather(*(launcher.launch(spec(f"raise SystemExit({i})")) for i in range(count)))
    assert await asyncio.gather(*(process.wait() for process in processes)) == list(range(count))
    assert len({process.pid for process in processes}) == count


async def test_terminate_ends_the_whole_group(launcher: ServedLauncher, spec, tmp_path: Path) -> None:
    process = await launcher.launch(spec(FAMILY.format(prelude="", grandchild=SLEEPS)))
    pids = await pids_in(tmp_path / "pids", 2)
    assert pids[0] == process.pid
    await process.terminate(grace=30)
    assert process.returncode == -signal.SIGTERM
    await until(lambda: not any(map(alive, pids)), "the end of the group")


async def test_terminate_kills_what_does_not_listen(launcher: ServedLauncher, spec, tmp_path: Path) -> None:
    prelude = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    process = await launcher.launch(spec(FAMILY.format(prelude=prelude, grandchild=STUBBORN)))
    pids = await pids_in(tmp_path / "pids", 2)
    await process.terminate(grace=0.2)
    assert process.returncode == -signal.SIGKILL
    await until(lambda: not any(map(alive, pids)), "the end of the group")


async def test_terminate_of_a_process_that_has_ended(launcher: ServedLauncher, spec) -> None:
    process = await launcher.launch(spec("raise SystemExit(4)"))
    await process.wait()
    await process.terminate()
    assert process.returncode == 4


async def test_terminate_right_after_the_launch(launcher: ServedLauncher, spec) -> None:
    for _ in range(10):
        process = await launcher.launch(spec(SLEEPS))
        await process.terminate(grace=30)
        assert process.returncode == -signal.SIGTERM


async def test_what_a_task_leaves_behind_ends_with_it(launcher: ServedLauncher, spec, tmp_path: Path) -> None:
    code = FAMILY.format(prelude="", grandchild=STUBBORN).replace("time.sleep(300)\n", "")
    process = await launcher.launch(spec(code))
    assert await process.wait() == 0
    (_, grandchild) = await pids_in(tmp_path / "pids", 2)
    await until(lambda: not alive(grandchild), "the end of the grandchild")


async def test_a_cancelled_launch_leaves_no_process(launcher: ServedLauncher, spec, tmp_path: Path) -> None:
    await (await launcher.launch(spec("pass"))).wait()  # the server is ready
    code = f"import os, time\nopen({str(tmp_path / 'pids')!r}, 'w').write(f'{{os.getpid()}} ')\ntime.sleep(300)"
    launching = asyncio.ensure_future(launcher.launch(spec(code)))
    await asyncio.sleep(0)
    launching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await launching
    # A later launch is answered after the first request and its cancellation.
    await (await launcher.launch(spec("pass"))).wait()
    running = [int(word) for word in (tmp_path / "pids").read_text().split()] if (tmp_path / "pids").exists() else []
    await until(lambda: not any(map(alive, running)), "the end of the process nobody holds")


async def test_a_directory_that_is_missing_is_said(launcher: ServedLauncher, spec, tmp_path: Path) -> None:
    base = spec("pass")
    with pytest.raises(LaunchError, match=r"work directory .* does not exist"):
        await launcher.launch(LaunchSpec(base.args, base.env, tmp_path / "gone", base.log))


async def test_a_log_that_cannot_be_written_is_said(launcher: ServedLauncher, spec, tmp_path: Path) -> None:
    base = spec("pass")
    with pytest.raises(LaunchError, match="cannot be written: Is a directory"):
        await launcher.launch(LaunchSpec(base.args, base.env, base.cwd, tmp_path))


async def test_variables_that_count_at_start_spawn(launcher: ServedLauncher, spec) -> None:
    code = "import sys; print('flyte._bin.runtime' in sys.modules, sys.flags.optimize, hash('flyte'))"
    for _ in range(2):
        await (await launcher.launch(spec(code, env={"PYTHONOPTIMIZE": "2", "PYTHONHASHSEED": "7"}))).wait()
    first, second = spec("").log.read_text().splitlines()
    assert first == second
    assert first.startswith("False 2 ")


async def test_environment_values_stay_out_of_the_repr(spec) -> None:
    assert "hunter2" not in repr(spec("pass", env={"SECRET": "hunter2"}))


async def test_needs_spawn() -> None:
    base = {"LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}
    assert not needs_spawn({}, base)
    assert not needs_spawn({**base, "A": "1", "PYTHONPATH": "/x", "PYTHONUNBUFFERED": "1"}, base)
    for name in ("PYTHONHASHSEED", "LD_PRELOAD", "LD_LIBRARY_PATH", "PYTHONOPTIMIZE", "MALLOC_ARENA_MAX", "LC_ALL"):
        assert needs_spawn({name: "other"}, base), name


async def test_a_server_that_was_killed_is_replaced(spec, tmp_path: Path) -> None:
    launcher = create_launcher(entry=ENTRY)
    try:
        process = await launcher.launch(spec(FAMILY.format(prelude="", grandchild=SLEEPS)))
        pids = await pids_in(tmp_path / "pids", 2)
        server = launcher.server_pid
        assert server is not None
        os.kill(server, signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
        await until(lambda: not any(map(alive, [server, *pids])), "the end of what it had started")
        again = await launcher.launch(spec("raise SystemExit(5)"))
        assert await again.wait() == 5
        assert launcher.server_pid != server
    finally:
        await launcher.close()


async def test_close_ends_everything(spec, tmp_path: Path) -> None:
    launcher = create_launcher(entry=ENTRY)
    prelude = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    process = await launcher.launch(spec(FAMILY.format(prelude=prelude, grandchild=STUBBORN)))
    detaching = await launcher.launch(spec(DETACHED))
    await detaching.wait()
    pids = await pids_in(tmp_path / "pids", 2) + await pids_in(tmp_path / "detached", 1)
    server = launcher.server_pid
    assert server is not None
    assert all(map(alive, [server, *pids]))
    await launcher.close()
    assert process.returncode == -signal.SIGKILL
    assert not any(map(alive, [server, *pids]))
    with pytest.raises(LaunchError, match="closed"):
        await launcher.launch(spec("pass"))


async def test_close_before_and_during_the_start(spec) -> None:
    unused = create_launcher(entry=ENTRY)
    await unused.close()
    launcher = create_launcher(entry=ENTRY)
    await launcher.start()
    launching = asyncio.ensure_future(launcher.launch(spec("pass")))
    await asyncio.sleep(0)
    await launcher.close()
    with pytest.raises(LaunchError, match="closed"):
        await launching


OWNER = f"""
import asyncio, os, sys
from pathlib import Path
sys.path.insert(0, {REPOSITORY!r})
from flyte_jupyter.local._launch import LaunchSpec, create_launcher

async def main():
    launcher = create_launcher(warm=sys.argv[2] == "warm", entry={ENTRY!r})
    here = Path(sys.argv[1])
    for code in sys.argv[3:]:
        await launcher.launch(LaunchSpec([code], dict(os.environ), here, here / "log", [{REPOSITORY!r}]))
    (here / "server").write_text(str(launcher.server_pid))
    await asyncio.sleep(300)

asyncio.run(main())
"""


@pytest.mark.parametrize("mode", ["warm", "cold"])
async def test_nothing_survives_an_owner_that_is_killed(mode: str, tmp_path: Path) -> None:
    family = FAMILY.format(prelude="", grandchild=STUBBORN)
    arguments = [str(tmp_path), mode, family, family, DETACHED]
    owner = subprocess.Popen([sys.executable, "-c", OWNER, *arguments])  # noqa: ASYNC220
    pids = await pids_in(tmp_path / "pids", 4)
    pids += await pids_in(tmp_path / "detached", 1)
    pids += await pids_in(tmp_path / "server", 1)
    assert all(map(alive, pids))
    owner.kill()
    owner.wait()
    await until(lambda: not any(map(alive, pids)), "the end of every process")
