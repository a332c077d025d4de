"""Which row is whose child, also while parents arrive after their children."""

from __future__ import annotations

from array import array
from bisect import insort
from collections.abc import Sequence


class Tree:
    """Parents and children by row number; siblings stand in the order in which they were first seen."""

    def __init__(self) -> None:
        self.parent: array[int] = array("i")  # row number of the parent, -1 at the top
        self._children: dict[int, list[int]] = {}
        self._top: dict[int, None] = {}  # rows without a known parent
        self._waiting: dict[str, list[int]] = {}  # name of an unknown parent -> its children

    def append(self, row: int, name: str, parent_name: str, parent: int | None) -> list[int]:
        """Place the new row `row`; `parent` is the row of `parent_name`, None while that is unknown.

        Returns:
            The rows that had waited for this one and are its children now.
        """
        if parent is None or parent == row:
            self.parent.append(-1)
            self._top[row] = None
            if parent_name and parent is None:
                self._waiting.setdefault(parent_name, []).append(row)
        else:
            self.parent.append(parent)
            children = self._children.get(parent)
            if children is None:
                self._children[parent] = [row]
            else:
                children.append(row)
        if self._waiting:
            return [child for child in self._waiting.pop(name, ()) if self.attach(child, row)]
        return []

    def attach(self, row: int, parent: int) -> bool:
        """Hang a row that stands at the top below `parent`; False (and no change) where that would make a circle."""
        above = parent
        while above >= 0:
            if above == row:
                return False
            above = self.parent[above]
        if self.parent[row] >= 0:
            return False
        self.parent[row] = parent
        del self._top[row]
        insort(self._children.setdefault(parent, []), row)
        return True

    def children(self, row: int) -> Sequence[int]:
        """Row numbers of the children of `row`."""
        return self._children.get(row, ())

    def top(self) -> Sequence[int]:
        """Row numbers without a (known) parent: the root, and what still waits for its parent."""
        return sorted(self._top)
