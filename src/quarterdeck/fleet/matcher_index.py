"""Finding the few items whose matchers fit a collector, without trying them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from quarterdeck.fleet.matchers import Matcher, MatchOperator

T = TypeVar("T")

_Pair = tuple[str, str]
# Characters that stand for themselves in RE2, so that `a|b|c` made of them is a list of values and not a pattern.
_LITERAL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-:/@,;=%# ")


class MatcherIndex(Generic[T]):
    """Items with their matchers, immutable once made, so any number of threads may ask it.

    `select` looks only at items whose most selective equality fits the attributes, and at those that demand no
    particular value of anything. An item without matchers is never selected, as in `matchers.selects`.
    """

    __slots__ = ("_by_pair", "_items", "_matchers", "_scanned")

    def __init__(self, items: Iterable[tuple[T, Sequence[Matcher]]]) -> None:
        numbers: dict[Matcher, int] = {}
        self._items: list[tuple[T, tuple[int, ...]]] = []
        for item, matchers in items:
            self._items.append((item, tuple(numbers.setdefault(matcher, len(numbers)) for matcher in matchers)))
        self._matchers = tuple(numbers)
        self._by_pair: dict[_Pair, list[int]] = {}
        self._scanned: list[int] = []
        self._file_away()

    def __len__(self) -> int:
        return len(self._items)

    def select(self, attributes: Mapping[str, str]) -> list[T]:
        """The items all of whose matchers fit `attributes`, in the order in which they were given."""
        verdicts: dict[int, bool] = {}
        return [
            item
            for item, numbers in map(self._items.__getitem__, self._candidates(attributes))
            if all(self._fits(number, attributes, verdicts) for number in numbers)
        ]

    def candidate_count(self, attributes: Mapping[str, str]) -> int:
        """How many items `select` would look at."""
        return len(self._candidates(attributes))

    def _candidates(self, attributes: Mapping[str, str]) -> list[int]:
        found = list(self._scanned)
        for pair in attributes.items():
            found += self._by_pair.get(pair, ())
        found.sort()
        return found

    def _fits(self, number: int, attributes: Mapping[str, str], verdicts: dict[int, bool]) -> bool:
        verdict = verdicts.get(number)
        if verdict is None:
            verdict = verdicts[number] = self._matchers[number].matches(attributes)
        return verdict

    def _file_away(self) -> None:
        demands = [_demanded_pairs(matcher) for matcher in self._matchers]
        popularity = Counter(
            pair for _, numbers in self._items for number in numbers for pair in demands[number]
        )  # of every pair that some item demands
        for position, (_, numbers) in enumerate(self._items):
            choices = [demands[number] for number in numbers if demands[number]]
            if choices:
                rarest = min(choices, key=lambda pairs: sum(popularity[pair] for pair in pairs))
                for pair in rarest:
                    self._by_pair.setdefault(pair, []).append(position)
            elif numbers:
                self._scanned.append(position)


def _demanded_pairs(matcher: Matcher) -> tuple[_Pair, ...]:
    """The attribute pairs one of which a collector must have to fit; none when that cannot be said.

    An empty value demands nothing, because a collector without the attribute has it too.
    """
    if matcher.operator is MatchOperator.EQUAL:
        values = {matcher.value}
    elif matcher.operator is MatchOperator.REGEX and _LITERAL.issuperset(matcher.value.replace("|", "")):
        values = set(matcher.value.split("|"))
    else:
        return ()
    return () if "" in values else tuple((matcher.name, value) for value in sorted(values))
