"""`frozen`: the decorator of classes that only hold values. Standard library only."""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, dataclass, fields, is_dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform, overload

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import Field

T = TypeVar("T")
_MADE = frozenset({"__eq__", "__hash__", "__repr__"})


@overload
def frozen(cls: type[T]) -> type[T]: ...
@overload
def frozen(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True)
def frozen(cls: type[Any] | None = None, *, kw_only: bool = False) -> Any:
    """`dataclass(frozen=True, slots=True)`, made in a quarter of the time: a start makes more than a hundred of them.

    That generates six methods and compiles each; here only `__init__` is, and the others are functions.

    Raises:
        TypeError: the class defines one of the three itself, which would be overwritten.
    """

    def made(given: type[Any]) -> Any:
        if own := sorted(_MADE & vars(given).keys()):
            raise TypeError(f"@frozen makes {', '.join(own)} of {given.__qualname__}: take dataclass(frozen=True)")
        # Python wants a class and the one that it extends to be both frozen, or neither.
        is_extension = any(map(is_dataclass, given.__bases__))
        found: Any = dataclass(
            init=is_extension, frozen=is_extension, slots=True, kw_only=kw_only, eq=False, repr=False
        )(given)
        if not is_extension:
            _freeze(found)
        found.__eq__, found.__hash__ = _comparison([field.name for field in fields(found) if field.compare])
        found.__repr__ = _repr
        return found

    return made if cls is None else made(cls)


def _freeze(found: Any) -> None:
    """Give a class what `frozen=True` would give it."""
    own = fields(found)
    found.__init__ = _initializer(found, own)
    found.__setattr__, found.__delattr__ = _set_nothing, _delete_nothing
    found.__getstate__, found.__setstate__ = _pickling([field.name for field in own])
    found.__dataclass_params__.frozen = True


def _initializer(found: type[Any], own: tuple[Field[Any], ...]) -> Callable[..., None]:
    """`__init__` as a dataclass has it."""
    known: dict[str, Any] = {"_set": object.__setattr__, "_absent": MISSING}
    named: list[str] = []
    for_name: list[str] = []
    lines: list[str] = []
    for field in own:
        name, value = field.name, field.name
        given = named if not field.kw_only else for_name
        if field.default is not MISSING:
            known[f"_default_{name}"] = field.default
            given.append(f"{name}=_default_{name}")
        elif field.default_factory is not MISSING:
            known[f"_make_{name}"] = field.default_factory
            given.append(f"{name}=_absent")
            value = f"_make_{name}() if {name} is _absent else {name}"
        else:
            given.append(name)
        lines.append(f" _set(self, {name!r}, {value})")
    if hasattr(found, "__post_init__"):
        lines.append(" self.__post_init__()")
    arguments = ", ".join(["self", *named, *(["*", *for_name] if for_name else ())])
    made: dict[str, Any] = {}
    exec(f"def __init__({arguments}):\n" + ("\n".join(lines) or " pass"), known, made)  # noqa: S102 - names of fields
    init: Callable[..., None] = made["__init__"]
    init.__qualname__, init.__module__ = f"{found.__qualname__}.__init__", found.__module__
    return init


def _set_nothing(self: object, name: str, value: object) -> None:  # noqa: ARG001 - as `object`'s
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete_nothing(self: object, name: str) -> None:  # noqa: ARG001 - as above
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _pickling(names: list[str]) -> tuple[Callable[[object], object], Callable[[object, tuple[object, ...]], None]]:
    """What gives the values of an object to pickle, and takes them back."""
    put = object.__setattr__

    def __getstate__(self: object) -> tuple[object, ...]:  # noqa: N807
        return tuple([getattr(self, name) for name in names])

    def __setstate__(self: object, state: tuple[object, ...]) -> None:  # noqa: N807
        for name, value in zip(names, state, strict=True):
            put(self, name, value)

    return __getstate__, __setstate__


def _comparison(names: list[str]) -> tuple[Callable[[object, object], bool], Callable[[object], int]]:
    held: Callable[[object], object] = attrgetter(*names) if names else lambda _: ()

    def __eq__(self: object, other: object) -> bool:  # noqa: N807
        return held(self) == held(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: object) -> int:  # noqa: N807
        return hash(held(self))

    return __eq__, __hash__


def _repr(self: Any) -> str:
    told = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in fields(self) if field.repr)
    return f"{self.__class__.__qualname__}({told})"
