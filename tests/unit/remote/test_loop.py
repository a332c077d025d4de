from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncGenerator, Callable

import pytest

from flyte_jupyter.remote import BackgroundLoop, background, dual, dual_function
from flyte_jupyter.remote._loop import Caller


async def add(a: int, b: int) -> int:
    await asyncio.sleep(0)
    return a + b


def script(text: str) -> subprocess.CompletedProcess[str]:
    """Runs Python in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text)], capture_output=True, text=True, timeout=60, check=False
    )


def test_run_blocks_and_returns() -> None:
    assert background().run(add(1, 2)) == 3


def test_errors_pass() -> None:
    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        background().run(fail())


def test_a_timeout_of_the_coroutine_is_not_the_pump_s() -> None:
    loop = BackgroundLoop()
    loop.on_wait = lambda: None

    async def fail() -> None:
        await asyncio.sleep(0.2)
        raise asyncio.TimeoutError("mine")

    with pytest.raises(asyncio.TimeoutError, match="mine"):
        loop.run(fail())
    loop.stop()


def test_on_wait_is_called_while_the_main_thread_waits() -> None:
    loop = BackgroundLoop()
    called: list[threading.Thread] = []
    done = asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop.loop)
    done.result(5)
    gate = loop.call(asyncio.Event)

    def on_wait() -> None:
        called.append(threading.current_thread())
        if len(called) == 3:
            loop.loop.call_soon_threadsafe(gate.set)

    loop.on_wait = on_wait
    loop.run(gate.wait())
    assert set(called) == {threading.main_thread()}
    loop.stop()


def test_a_failing_on_wait_does_not_end_the_wait() -> None:
    loop = BackgroundLoop()

    def on_wait() -> None:
        raise ZeroDivisionError

    loop.on_wait = on_wait
    loop.run(asyncio.sleep(0.2))
    assert loop.on_wait is None
    loop.stop()


def test_call_runs_on_the_loop_s_thread() -> None:
    assert background().call(lambda: threading.current_thread().name) == "flyte_jupyter"
    assert background().call(background().call, lambda: 7) == 7


async def at_caller() -> threading.Thread:
    caller = Caller.current()
    assert caller is not None
    return await caller.do(threading.current_thread)


@pytest.mark.parametrize("pump", [None, lambda: None])
def test_who_waits_can_be_asked_to_do_something(pump: Callable[[], None] | None) -> None:
    loop = BackgroundLoop()
    loop.on_wait = pump
    assert loop.run(at_caller()) is threading.main_thread()
    loop.stop()


async def test_who_awaits_can_be_asked_to_do_something_on_their_loop() -> None:
    assert await dual_function(at_caller).aio() is threading.current_thread()


def test_an_error_of_what_a_caller_does_comes_back() -> None:
    async def ask() -> None:
        caller = Caller.current()
        assert caller is not None
        await caller.do(lambda: int("x"))

    with pytest.raises(ValueError, match="invalid literal"):
        background().run(ask())


def test_an_interrupt_of_what_a_caller_does_cancels_the_call() -> None:
    cancelled = threading.Event()

    def interrupted() -> None:
        raise KeyboardInterrupt

    async def ask() -> None:
        caller = Caller.current()
        assert caller is not None
        try:
            await caller.do(interrupted)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with pytest.raises(KeyboardInterrupt):
        background().run(ask())
    assert cancelled.wait(20)


def test_in_the_background_nobody_waits() -> None:
    async def current() -> Caller | None:
        return Caller.current()

    async def later() -> tuple[Caller | None, asyncio.Task[Caller | None]]:
        gate = asyncio.Event()

        async def afterwards() -> Caller | None:
            await gate.wait()
            return Caller.current()

        task = asyncio.create_task(afterwards())
        asyncio.get_running_loop().call_later(0.05, gate.set)
        return Caller.current(), task

    assert background().submit(current()).result(20) is None
    waiting, task = background().run(later())
    assert waiting is not None

    async def outcome() -> Caller | None:
        return await task

    assert background().run(outcome()) is None


def test_re_entry_says_so() -> None:
    async def nested() -> int:
        return background().run(add(1, 2))

    with pytest.raises(RuntimeError, match="own event loop"):
        background().run(nested())


def test_stop_cancels_what_runs_and_the_next_use_starts_anew() -> None:
    loop = BackgroundLoop()
    ended = threading.Event()

    async def forever() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    loop.submit(forever())
    loop.run(asyncio.sleep(0))
    loop.stop()
    assert ended.is_set()
    assert loop.run(add(2, 2)) == 4
    loop.stop()


def test_works_in_a_thread_and_in_many() -> None:
    results: list[int] = []
    threads = [threading.Thread(target=lambda n=n: results.append(background().run(add(n, 1)))) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(results) == list(range(1, 21))


def test_a_forked_child_gets_a_fresh_loop() -> None:
    done = script("""
        import os, sys
        from flyte_jupyter.remote import background

        async def value():
            return 7

        assert background().run(value()) == 7
        pid = os.fork()
        if pid == 0:
            os._exit(background().run(value()))
        _, status = os.waitpid(pid, 0)
        assert background().run(value()) == 7
        sys.exit(os.waitstatus_to_exitcode(status))
    """)
    assert done.returncode == 7, done.stderr


class Counter:
    """A class with methods that block and await."""

    closed = threading.Event()

    @dual
    async def double(self, n: int) -> int:
        """Doubles."""
        return 2 * n

    @dual
    @classmethod
    async def make(cls) -> Counter:
        return cls()

    @dual
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        try:
            for n in range(to):
                await asyncio.sleep(0)
                yield n
        finally:
            self.closed.set()

    @dual
    @classmethod
    async def letters(cls) -> AsyncGenerator[str, None]:
        yield cls.__name__
        yield "b"

    @dual
    async def nested(self) -> int:
        return self.double(1)


@dual_function
async def triple(n: int) -> int:
    return 3 * n


def test_dual_blocks() -> None:
    assert Counter().double(4) == 8
    assert isinstance(Counter.make(), Counter)
    assert list(Counter().count(3)) == [0, 1, 2]
    assert list(Counter.letters()) == ["Counter", "b"]
    assert triple(2) == 6


async def test_dual_awaits_from_any_loop() -> None:
    assert await Counter().double.aio(4) == 8
    assert isinstance(await Counter.make.aio(), Counter)
    assert [n async for n in Counter().count.aio(3)] == [0, 1, 2]
    assert await triple.aio(2) == 6


async def test_dual_blocks_inside_another_running_loop() -> None:
    assert Counter().double(4) == 8
    assert list(Counter().count(3)) == [0, 1, 2]


def test_dual_runs_inline_on_our_own_loop() -> None:
    async def inside() -> tuple[int, list[int]]:
        return await Counter().double.aio(1), [n async for n in Counter().count.aio(2)]

    assert background().run(inside()) == (2, [0, 1])


def test_dual_re_entry_says_so() -> None:
    with pytest.raises(RuntimeError, match=r"\.aio\(\)"):
        Counter().nested()


def test_dual_keeps_name_and_documentation() -> None:
    assert Counter.double.__doc__ == "Doubles."
    assert "Counter.double" in repr(Counter().double)


def test_an_abandoned_iterator_is_closed() -> None:
    Counter.closed.clear()
    for n in Counter().count(100):
        if n == 2:
            break
    assert Counter.closed.wait(10)


def test_an_iterator_that_outlives_the_loop_does_not_hold_up_the_exit() -> None:
    ended = script(
        """
        from flyte_jupyter.remote import dual

        class Numbers:
            @dual
            async def all(self):
                yield 1
                yield 2

        kept = Numbers().all()
        print(next(kept))
        """
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "1\n"
    assert "never awaited" not in ended.stderr


async def test_an_abandoned_async_iterator_is_closed() -> None:
    Counter.closed.clear()
    iterator = Counter().count.aio(100)
    async for n in iterator:
        if n == 2:
            break
    await iterator.aclose()  # type: ignore[attr-defined]
    assert Counter.closed.wait(10)


async def test_cancelling_an_aio_call_cancels_it() -> None:
    started, ended = threading.Event(), threading.Event()

    @dual_function
    async def forever() -> None:
        started.set()
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    task = asyncio.ensure_future(forever.aio())
    assert await asyncio.to_thread(started.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.wait(10)


@pytest.mark.parametrize("pump", [False, True])
def test_ctrl_c_cancels_the_wait_and_raises(pump: bool) -> None:
    program = textwrap.dedent(f"""
        import asyncio, os
        from flyte_jupyter.remote import background

        if {pump}:
            background().on_wait = lambda: None

        async def forever():
            os.write(1, b"waiting\\n")
            try:
                await asyncio.sleep(3600)
            finally:
                os.write(1, b"cancelled\\n")

        try:
            background().run(forever())
        except KeyboardInterrupt:
            os.write(1, b"interrupted\\n")
    """)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    try:
        out, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    assert sorted(out.split()) == ["cancelled", "interrupted"]
    assert process.returncode == 0


@pytest.mark.parametrize("patch", ["nest_asyncio", "nest_asyncio2"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_nested_loops(patch: str, when: str) -> None:
    done = script(f"""
        import asyncio, {patch}

        async def main():
            if "{when}" == "before":
                {patch}.apply()
            from flyte_jupyter.remote import background, dual_function

            @dual_function
            async def value(n):
                await asyncio.sleep(0.01)
                return n

            assert value(1) == 1
            if "{when}" == "after":
                {patch}.apply()
            assert value(2) == 2
            assert await value.aio(3) == 3
            loop = asyncio.get_event_loop()
            assert loop.run_until_complete(value.aio(4)) == 4
            assert background().run(asyncio.wait_for(value.aio(5), 5)) == 5

        asyncio.run(main())
        print("fine")
    """)
    assert done.stdout == "fine\n", done.stderr


def test_an_interrupt_is_seen_where_a_library_has_taken_the_signal() -> None:
    program = textwrap.dedent("""
        import asyncio
        import polars
        from flyte_jupyter.remote import background

        async def forever():
            print("waiting", flush=True)
            await asyncio.Event().wait()

        try:
            background().run(forever())
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    try:
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert out == "interrupted\n"
