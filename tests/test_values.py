"""`@frozen` classes are what `dataclass(frozen=True, slots=True)` makes, in a third of the time."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, astuple, dataclass, field, fields, replace
from typing import Any

import pytest

from pipelines.values import frozen


def told(make: Callable[[], object]) -> object:
    """What a call gives, or the kind of its error."""
    try:
        return make()
    except (TypeError, FrozenInstanceError, ValueError) as error:
        return type(error).__name__


@frozen
class Frozen:
    """All kinds of fields."""

    one: int
    two: str = "2"
    some: list[int] = field(default_factory=list)
    beside: int = field(default=0, compare=False, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.one < 0:
            raise ValueError("below 0")


@frozen
class More(Frozen):
    """An extension."""

    three: int = 3


@frozen(kw_only=True)
class Named:
    """Given by name."""

    one: int
    two: int = 2


@frozen
class Empty:
    """No field."""


def pythons(kind: type[Any]) -> type[Any]:
    """The same class as Python makes it."""
    bases = tuple(pythons(base) if base is Frozen else base for base in kind.__bases__)
    own = {name: value for name, value in vars(kind).items() if name in {"__doc__", "__post_init__"}}
    names = kind.__annotations__
    defaults: dict[str, Any] = {
        "two": "2" if kind is Frozen else 2,
        "three": 3,
        "some": field(default_factory=list),
        "beside": field(default=0, compare=False, repr=False, kw_only=True),
    }
    given = {name: value for name, value in defaults.items() if name in names}
    made = type(kind.__name__, bases, {**own, **given, "__annotations__": names, "__module__": __name__})
    return dataclass(frozen=True, slots=True, kw_only=kind is Named)(made)


@pytest.mark.parametrize("kind", [Frozen, More, Named, Empty])
def test_a_frozen_class_is_as_pythons(kind: Any) -> None:
    other = pythons(kind)
    assert [one.name for one in fields(kind)] == [one.name for one in fields(other)]
    assert (kind.__match_args__, kind.__slots__) == (other.__match_args__, other.__slots__)
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((), {}), ((1,), {}), ((-1,), {}), ((1, "b", [1]), {}), ((), {"one": 1}), ((), {"one": 1, "two": 5}),
        ((1,), {"beside": 4}), ((1, "b", [], 4), {}), ((1,), {"none": 1}), ((1,), {"one": 1}),
    ]  # fmt: skip
    for given, named in calls:
        values = told(lambda: astuple(kind(*given, **named)))  # noqa: B023 - called at once
        assert values == told(lambda: astuple(other(*given, **named))), (given, named)  # noqa: B023 - as above
        if isinstance(values, str):
            continue
        mine, theirs = kind(*given, **named), other(*given, **named)
        assert repr(mine) == repr(theirs).replace("pythons.<locals>.", "")
        for of in (mine, theirs):
            refused = {told(lambda: setattr(of, "one", 2)), told(lambda: delattr(of, "one"))}  # noqa: B023 - as above
            # Of what is no field, Python's own tells by an error of its `super()`.
            assert refused | {told(lambda: setattr(of, "x", 2))} <= {"FrozenInstanceError", "TypeError"}  # noqa: B023
            assert "FrozenInstanceError" in refused or kind is Empty
        assert told(lambda: hash(mine)) == told(lambda: hash(theirs)) or kind is Empty  # noqa: B023
        pickled = pickle.loads(pickle.dumps(mine))  # noqa: S301 - our own
        again = [pickled, copy.copy(mine), copy.deepcopy(mine), replace(mine)]
        assert again == [mine] * 4
        assert [asdict(one) for one in again] == [asdict(theirs)] * 4
        assert mine != theirs


def test_defaults_are_made_anew() -> None:
    assert Frozen(1).some is not Frozen(1).some
    assert (Frozen(1, beside=1) == Frozen(1), Frozen(1) == Frozen(2)) == (True, False)
