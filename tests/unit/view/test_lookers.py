from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flyte_jupyter.live import Looks, Watcher
from flyte_jupyter.remote import BackgroundLoop, UnavailableError
from flyte_jupyter.view import _views
from flyte_jupyter.view._lookers import HIDDEN, Lookers
from flyte_jupyter.view._tables import Act, Column, Query, Row
from flyte_jupyter.view._tables._table import WholeTable
from flyte_jupyter.view._target import Target
from flyte_jupyter.view._views import Views
from tests.unit.live.messages import RUNNING, SUCCEEDED, action
from tests.unit.live.scripted import ScriptedClient
from tests.unit.live.test_looks import details, lines
from tests.unit.live.virtual import until, virtual
from tests.unit.view.pages import PostBox

KEY = "localhost:8090|p/development/r1"


class Page:
    """One channel, and those who look over it."""

    def __init__(self) -> None:
        self.client: Any = ScriptedClient(action("a0", RUNNING))
        self.views = Views(lambda _: None, lambda _: None)
        self.lookers = Lookers(self.views, Looks())
        self.box: Any = PostBox()

    async def open(self) -> None:
        view = await self.views.open(Target(self.client, "r1", "p", "development", ""))
        self.subscription = (await self.views.run(view)).subscription

    def look(self, topic: str, lid: str = "l", vid: str = "m", **params: Any) -> None:
        self.lookers.look(self.box, vid, lid, topic, KEY, "a0", params)

    async def sight(self) -> dict[str, Any]:
        await until(lambda: self.box.sent)
        return self.box.sent.pop(0)

    async def close(self) -> None:
        self.lookers.drop(self.box)
        if hasattr(self, "subscription"):
            self.subscription.close()
        await asyncio.sleep(5)


@pytest.fixture(autouse=True)
def watcher(monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = Watcher()
    monkeypatch.setattr(_views, "watcher", lambda: watcher)
    monkeypatch.setattr(BackgroundLoop, "is_current", True)


@virtual
async def test_sights_are_counted_until_away():
    page = Page()
    await page.open()
    page.look("details")
    first = await page.sight()
    assert (first["type"], first["lid"], first["seq"], first["value"]["phase"]) == ("sight", "l", 1, RUNNING)
    page.client.tell(details(RUNNING, 2))
    assert (await page.sight())["seq"] == 2
    page.lookers.away(page.box, "l")
    await until(lambda: not page.client.watching)
    assert len(page.lookers) == 0
    await page.close()


@virtual
async def test_the_same_look_again_begins_anew():
    page = Page()
    await page.open()
    page.look("details")
    await page.sight()
    page.look("details")
    assert (await page.sight())["seq"] == 1
    assert len(page.lookers) == 1
    await page.close()


@virtual
async def test_a_mount_that_is_gone_looks_no_longer():
    page = Page()
    await page.open()
    page.look("details", "l1", "m1")
    page.look("events", "l2", "m1")
    page.look("spec", "l3", "m2")
    await until(lambda: len(page.box.sent) == 3)
    page.lookers.gone("m1")
    assert len(page.lookers) == 1
    page.lookers.drop(page.box)
    await until(lambda: not page.client.watching)
    await page.close()


@virtual
async def test_a_log_is_sent_with_its_buffers_and_an_end():
    page = Page()
    await page.open()
    page.client.actions["a0"] = action("a0", SUCCEEDED)
    page.client.logs = [[lines("a", "b")]]
    page.look("logs")
    piece = await page.sight()
    while not piece.get("value", {}).get("count"):
        piece = await page.sight()
    assert piece["value"]["count"] == 2
    while not piece.get("end"):
        piece = await page.sight()
    await page.close()


@virtual
async def test_a_log_out_of_sight_is_sent_slowly_and_goes_on_at_once_when_it_is_seen():
    page, now = Page(), asyncio.get_running_loop().time
    await page.open()
    page.client.actions["a0"] = action("a0", SUCCEEDED)
    page.client.logs = [[lines(*(str(number) for number in range(10_000))), lines("b"), lines("c")]]
    page.lookers.seen("m", False)
    page.look("logs")
    while not (await page.sight()).get("value", {}).get("count"):
        pass
    begin = now()
    while not (await page.sight()).get("value", {}).get("count"):
        pass
    assert now() - begin > HIDDEN / 2
    begin = now()
    page.lookers.seen("m", True)
    while not (await page.sight()).get("end"):
        pass
    assert now() - begin < HIDDEN / 2
    await page.close()


@virtual
async def test_what_cannot_be_looked_at_is_one_sentence_and_the_end():
    page = Page()
    page.look("details")
    sight = await page.sight()
    assert (sight["error"], sight["end"]) == ("This kernel shows no such run. Run its cell again.", True)
    await page.open()
    page.look("nonsense")
    assert "cannot be looked at" in (await page.sight())["error"]
    page.lookers.look(page.box, "m", "t", "table", "", "", {})
    assert "no such table" in (await page.sight())["error"]
    await page.close()


class Things(WholeTable):
    columns = (Column("name", "Name"),)
    acts = (Act("break", "Break"),)
    empty = "There are no things."

    @property
    def title(self) -> str:
        return "Things"

    def __init__(self) -> None:
        client: Any = ScriptedClient()
        super().__init__(client, Query(sort=("name", "asc")))
        self.names = ["b", "a", "c"]
        self.down = False
        self.reads = 0

    async def rows(self) -> list[Row]:
        self.reads += 1
        if self.down:
            raise UnavailableError("gone.")
        return [Row(name, {"name": name}, ("break",)) for name in self.names]

    async def perform(self, act: str, row: str, reason: str) -> None:
        if row not in self.names:
            raise UnavailableError(f"{row} is not there.")
        self.names.remove(row)


def names(sight: dict[str, Any]) -> list[str]:
    return [row["id"] for row in sight["value"]["rows"]]


@virtual
async def test_a_table_is_read_again_while_it_is_in_sight_and_after_an_act():
    page, things = Page(), Things()
    page.views.mount_table("m", page.views.open_table(things))
    page.look("table", size=2)
    first = await page.sight()
    assert (names(first), first["value"]["more"], first["value"]["total"]) == (["a", "b"], True, 3)
    assert await things.perform_all("break", ["a", "x"], "") == {"x": "x is not there."}
    assert names(await page.sight()) == ["b", "c"]
    things.names.append("0")
    assert names(await page.sight()) == ["0", "b"]
    things.down = True
    assert (await page.sight())["error"] == "gone."
    things.down = False
    assert names(await page.sight()) == ["0", "b"]
    page.lookers.seen("m", False)
    await asyncio.sleep(100)
    reads = things.reads
    await asyncio.sleep(100)
    assert things.reads == reads
    page.lookers.seen("m", True)
    await until(lambda: things.reads > reads)
    await page.close()


@virtual
async def test_a_table_can_be_sorted_paged_and_searched():
    page, things = Page(), Things()
    page.views.mount_table("m", page.views.open_table(things))
    page.look("table", sort=["name", "desc"], size=2, page=1)
    assert names(await page.sight()) == ["a"]
    page.look("table", text="B")
    assert names(await page.sight()) == ["b"]
    page.look("table", sort=["nothing", "asc"])
    assert "cannot be sorted" in (await page.sight())["error"]
    await page.close()
