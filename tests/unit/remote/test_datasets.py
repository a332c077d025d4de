from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from flyte_jupyter import remote
from flyte_jupyter.remote import DatasetRef

TABLE = pd.DataFrame({"n": [1, 2, 3], "t": ["a", "b", "c"]})


def test_parquet_of_one_file_and_of_many(tmp_path: Path) -> None:
    TABLE.to_parquet(tmp_path / "one.parquet")
    one = DatasetRef(str(tmp_path / "one.parquet"), local=True)
    pd.testing.assert_frame_equal(one.to_pandas(), TABLE)
    assert one.to_polars().equals(pl.from_pandas(TABLE))
    parts = tmp_path / "parts"
    parts.mkdir()
    (parts / "_SUCCESS").touch()
    for n in range(3):
        TABLE.iloc[n : n + 1].to_parquet(parts / f"{n:05}")
    many = DatasetRef(str(parts), "parquet", local=True)
    assert list(many.to_pandas()["n"]) == [1, 2, 3]
    assert many.to_polars()["t"].to_list() == ["a", "b", "c"]


def test_csv(tmp_path: Path) -> None:
    TABLE.to_csv(tmp_path / "t.csv", index=False)
    table = DatasetRef(str(tmp_path / "t.csv"), "CSV", local=True)
    pd.testing.assert_frame_equal(table.to_pandas(), TABLE)
    assert table.to_polars().shape == (3, 2)


async def test_awaited(tmp_path: Path) -> None:
    TABLE.to_parquet(tmp_path / "t")
    assert (await DatasetRef(str(tmp_path / "t"), local=True).to_pandas.aio()).shape == (3, 2)


def test_what_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").write_bytes(b"no table")
    for uri, kind, error, text in (
        ("empty", "", remote.NotFoundError, "empty"),
        ("nothing", "", remote.NotFoundError, "nothing at"),
        ("broken", "", remote.ServerError, "not a table in parquet"),
        ("broken", "vaex", remote.InvalidArgumentError, "'vaex' cannot be opened"),
    ):
        for read in ("to_pandas", "to_polars"):
            with pytest.raises(error, match=text):
                getattr(DatasetRef(str(tmp_path / uri), kind, local=True), read)()
    with pytest.raises(remote.InvalidArgumentError, match="not this one"):
        DatasetRef(str(tmp_path / "broken")).to_pandas()
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(remote.InvalidArgumentError, match="polars is not installed here"):
        DatasetRef(str(tmp_path / "broken"), local=True).to_polars()
