"""The strings of a run; rows carry their numbers."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from itertools import accumulate
from typing import Any


def little_endian(values: array[Any]) -> bytes:
    """The bytes of `values` as a frame carries them, whatever machine we are on."""
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values.tobytes()


class Strings:
    """An append-only table of texts; index 0 is always the empty string.

    Example:
        >>> table = Strings()
        >>> table.intern("main"), table.intern(""), table.intern("main")
        (1, 0, 1)
    """

    def __init__(self) -> None:
        self.texts: list[str] = [""]
        self._numbers: dict[str, int] = {"": 0}

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, number: int) -> str:
        return self.texts[number]

    def intern(self, text: str) -> int:
        """The number of `text`, given to it now if it is new."""
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return number

    def intern_all(self, texts: Sequence[str]) -> array[int]:
        """The numbers of many texts, of which most are alike."""
        for text in dict.fromkeys(texts):
            self.intern(text)
        return array("I", map(self._numbers.__getitem__, texts))

    def add_all(self, texts: Sequence[str]) -> range:
        """The numbers of many texts that are known to be all different and new, such as names."""
        first = len(self.texts)
        self.texts += texts
        return range(first, len(self.texts))

    def encode(self, base: int) -> tuple[bytes, bytes]:
        """The texts from `base` on as (u4 offsets, UTF-8 blob): one more offset than texts, the first is 0."""
        texts = self.texts[base:]
        joined = "".join(texts)
        if joined.isascii():
            blob, lengths = joined.encode(), map(len, texts)
        else:
            # A lone surrogate cannot be encoded; it must not cost us the frame.
            parts = [text.encode("utf-8", "replace") for text in texts]
            blob, lengths = b"".join(parts), map(len, parts)
        return little_endian(array("I", accumulate(lengths, initial=0))), blob
