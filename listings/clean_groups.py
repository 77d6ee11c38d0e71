"""Joins pairs into groups. Pure: numbers in, numbers out."""

from collections.abc import Iterable


class Groups:
    """Items 0 to n - 1 in groups, each named by its smallest item."""

    def __init__(self, size: int) -> None:
        """Begin with every item alone."""
        self._parent = list(range(size))

    def first(self, item: int) -> int:
        """The smallest item of its group."""
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]
            item = self._parent[item]
        return item

    def join(self, pairs: Iterable[tuple[int, int]]) -> int:
        """Join both items' groups for each pair; returns how many groups are fewer."""
        fewer = 0
        for left, right in pairs:
            one, other = self.first(left), self.first(right)
            if one != other:
                self._parent[max(one, other)] = min(one, other)
                fewer += 1
        return fewer

    def members(self) -> dict[int, list[int]]:
        """Groups of two and more, by their first item."""
        found: dict[int, list[int]] = {}
        for item in range(len(self._parent)):
            found.setdefault(self.first(item), []).append(item)
        return {first: items for first, items in found.items() if len(items) > 1}
