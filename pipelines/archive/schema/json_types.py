"""The types of a line as plain data, generated from the record classes, and a check of values against them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import cache
from operator import contains
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pipelines.keys import Format, Key, Needs, OneOf, Pattern
from pipelines.values import frozen


@frozen(kw_only=True)
class Shape:
    """A type: str, int, float or bool, a list of `item`, or an object with `keys`: all of them, or those it `needs`.

    If there are `choices`, only these fit. `pattern`, `format` (of a text: a day or a moment) and `one_of` are for
    schemas; `misfit` does not check them, since a later software may add to a closed list.
    """

    kind: Literal["str", "int", "float", "bool", "list", "object"]
    null: bool = False
    choices: tuple[str, ...] = ()
    pattern: str | None = None
    format: Literal["date", "date-time"] | None = None
    one_of: tuple[str, ...] = ()
    item: Shape | None = None
    keys: tuple[Property, ...] = ()
    needs: tuple[str, ...] | None = None


@frozen
class Property:
    """One key of an object; `declared` is its `Key` in the record, null where the record gives at most a meaning."""

    name: str
    shape: Shape
    about: str | None
    declared: Key | None


@cache
def shape_of_record(record: type) -> Shape:
    """The object a record becomes in JSON, keys in order."""
    hints = get_type_hints(record, include_extras=True)
    return Shape(kind="object", keys=tuple(_property(f.name, hints[f.name]) for f in fields(record)))


def _property(name: str, hint: Any) -> Property:
    extras = getattr(hint, "__metadata__", ())
    declared = next((one for one in extras if isinstance(one, Key)), None)
    about = declared.about if declared else next((one for one in extras if isinstance(one, str)), None)
    return Property(name, _shape(hint, null=False), about, declared)


def _annotated(bare: Shape, extras: tuple[Any, ...]) -> Shape:
    for one in extras:
        if isinstance(one, Pattern):
            bare = replace(bare, pattern=one.regex)
        elif isinstance(one, Format):
            bare = replace(bare, format=one.name)
        elif isinstance(one, OneOf):
            bare = replace(bare, one_of=one.values)
        elif isinstance(one, Needs):
            bare = replace(bare, needs=one.names)
    return bare


_TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "list": list, "object": dict}
_KINDS = {type_: kind for kind, type_ in _TYPES.items()}


def _shape(hint: Any, *, null: bool) -> Shape:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _annotated(_shape(args[0], null=null), args[1:])
    if origin in {Union, UnionType}:
        (bare,) = (arg for arg in args if arg is not NoneType)
        return _shape(bare, null=True)
    if origin is Literal:
        return Shape(kind="str", null=null, choices=args)
    if origin is tuple:
        return Shape(kind="list", null=null, item=_shape(args[0], null=False))
    if is_dataclass(hint) and isinstance(hint, type):
        return Shape(kind="object", null=null, keys=shape_of_record(hint).keys)
    return Shape(kind=_KINDS[origin or hint], null=null)  # type: ignore[arg-type]


def _is(value: Any, kind: str) -> bool:
    return type(value) is _TYPES[kind]  # not isinstance: true is not an int


def misfit(shape: Shape, value: Any, name: str = "the line") -> str | None:
    """The first difference between `value` and the shape, or null. Unknown keys may follow."""
    if value is None:
        return None if shape.null else f"{name} is null"
    if not _is(value, shape.kind):
        return f"{name} is {type(value).__name__}, not {shape.kind}"
    if shape.choices and value not in shape.choices:
        return f"{name} is {value!r}, not one of {', '.join(shape.choices)}"
    of = shape.item
    if of is not None:
        return _first(misfit(of, value[i], f"{name}[{i}]") for i in range(len(value)))
    return _misfit_keys(shape, value, name) if shape.keys else None


def _misfit_keys(shape: Shape, value: dict[str, Any], name: str) -> str | None:
    wanted = [key.name for key in shape.keys]
    if list(value)[: len(wanted)] != wanted:
        return f"{name} has the keys {', '.join(value)}; expected first, in this order: {', '.join(wanted)}"
    return _first(misfit(key.shape, value[key.name], key.name) for key in shape.keys)


def _first(found: Any) -> str | None:
    return next((message for message in found if message is not None), None)


_MOST_COMBINATIONS = 10_000


def fits(shape: Shape) -> Callable[[Any], bool]:
    """A fast version of `misfit(shape, value) is None`, compiled once for millions of values."""
    kinds = _kinds(shape)
    if shape.choices:
        choices = frozenset(shape.choices) | ({None} if shape.null else set())
        return lambda value: type(value) in kinds and value in choices
    if shape.item is not None:
        item = fits(shape.item)
        return lambda value: type(value) in kinds and (not value or all(map(item, value)))
    return _object_fits(shape, kinds) if shape.keys else lambda value: type(value) in kinds


def _object_fits(shape: Shape, kinds: frozenset[type]) -> Callable[[Any], bool]:
    wanted = tuple(key.name for key in shape.keys)
    count = len(wanted)
    of_keys = [_kinds(key.shape) for key in shape.keys]
    deeper = [(k.name, fits(k.shape)) for k in shape.keys if k.shape.choices or k.shape.item or k.shape.keys]
    # Millions of objects have a few dozen combinations of types; each is checked once.
    seen: set[tuple[type, ...]] = set()

    def types_fit(types: tuple[type, ...]) -> bool:
        if not all(map(contains, of_keys, types)):
            return False
        if len(seen) < _MOST_COMBINATIONS:
            seen.add(types)
        return True

    def object_fits(value: Any) -> bool:
        if value is None or type(value) is not dict:
            return type(value) in kinds
        keys = tuple(value)
        if keys != wanted and keys[:count] != wanted:
            return False
        types = tuple(map(type, value.values()))[:count]
        if types not in seen and not types_fit(types):
            return False
        for name, inner in deeper:  # noqa: SIM110 - a generator costs more than the check itself
            if not inner(value[name]):
                return False
        return True

    return object_fits


def _kinds(shape: Shape) -> frozenset[type]:
    return frozenset({_TYPES[shape.kind], NoneType} if shape.null else {_TYPES[shape.kind]})
