from __future__ import annotations

from pathlib import Path

import pandas as pd

from flyte_jupyter.live._nodes import TEXT
from flyte_jupyter.live._preview import preview


def test_first_rows_and_the_size_of_all(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    frame = pd.DataFrame({"n": range(120), "note": ["x" * 1000] * 120, "none": [None] * 120}, index=range(5, 125))
    frame.to_parquet(file)
    known = preview(file, "")
    assert (known["columns"], known["size"], known["bytes"]) == (["n", "note", "none"], 120, file.stat().st_size)
    assert len(known["rows"]) == 50
    assert known["rows"][7] == ["7", f"{'x' * (TEXT - 1)}…", "None"]


def test_parts_of_a_directory_are_one_table(tmp_path: Path) -> None:
    for part in range(3):
        pd.DataFrame({"n": [part] * 4}).to_parquet(tmp_path / f"{part}.parquet")
    (tmp_path / "_SUCCESS").touch()
    known = preview(tmp_path, "parquet")
    assert (known["columns"], known["rows"], known["size"]) == (["n"], [["0"]] * 4, 12)


def test_wide_tables_are_cut(tmp_path: Path) -> None:
    pd.DataFrame({f"c{n}": [n] for n in range(30)}).to_parquet(tmp_path / "wide.parquet")
    known = preview(tmp_path / "wide.parquet", "")
    assert [len(known["columns"]), *map(len, known["rows"])] == [20, 20]


def test_what_cannot_be_read_has_a_size_or_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"no table")
    assert preview(broken, "") == {"bytes": 8}
    assert preview(broken, "csv") == {"bytes": 8}
    assert preview(tmp_path / "nowhere", "") == {}
