"""Which row is whose child, also while parents arrive after their children."""

from __future__ import annotations

from array import array
from bisect import insort
from collections.abc import Mapping, Sequence
from itertools import repeat
from operator import ge


class Tree:
    """Parents and children by row number; siblings stand in the order in which they were first seen."""

    def __init__(self) -> None:
        self.parent: array[int] = array("i")  # row number of the parent, -1 at the top
        self._top: dict[int, None] = {}  # rows without a known parent
        self._waiting: dict[str, list[int]] = {}  # name of an unknown parent -> its children
        self._children: dict[int, list[int]] = {}
        self._indexed = 0  # rows that are in `_children`, which is made up to date when it is asked for

    def extend(self, names: Sequence[str], parents: Sequence[str], rows: Mapping[str, int]) -> list[int]:
        """Place new rows, one for each of `names`, below the actions called `parents`.

        Args:
            names: Names of the new rows.
            parents: Names of their parents, "" for the root.
            rows: Row numbers by name; has the new ones already.

        Returns:
            Older rows that had waited for one of the new ones and are its children now.
        """
        first = len(self.parent)
        numbers = array("i", map(rows.get, parents, repeat(-1)))
        odd: list[tuple[int, int]] = []
        if -1 in numbers or any(map(ge, numbers, range(first, first + len(numbers)))):
            # Not yet known, or not older than the child, so that it could be below it.
            odd = [(row, number) for row, number in enumerate(numbers, first) if not 0 <= number < row]
        for row, _ in odd:
            numbers[row - first] = -1
            self._top[row] = None
        self.parent.extend(numbers)
        for row, number in odd:
            if number >= 0:
                self._attach(row, number)
            elif parents[row - first]:
                self._waiting.setdefault(parents[row - first], []).append(row)
        found: list[int] = []
        if self._waiting:
            for row, name in enumerate(names, first):
                found += [child for child in self._waiting.pop(name, ()) if self._attach(child, row)]
        return found

    def children(self, row: int) -> Sequence[int]:
        """Row numbers of the children of `row`."""
        self._index()
        return self._children.get(row, ())

    def top(self) -> Sequence[int]:
        """Row numbers without a (known) parent: the root, and what still waits for its parent."""
        return sorted(self._top)

    def _attach(self, row: int, parent: int) -> bool:
        """Hang a row that stands at the top below `parent`; False (and no change) where that would make a circle."""
        above = parent
        while above >= 0:
            if above == row:
                return False
            above = self.parent[above]
        self.parent[row] = parent
        del self._top[row]
        if row < self._indexed:
            insort(self._children.setdefault(parent, []), row)
        return True

    def _index(self) -> None:
        children = self._children
        for row in range(self._indexed, len(self.parent)):
            parent = self.parent[row]
            if parent >= 0:
                siblings = children.get(parent)
                if siblings is None:
                    children[parent] = [row]
                else:
                    siblings.append(row)
        self._indexed = len(self.parent)
