"""Speech records: normalisation, item pipelines, the versioned archive."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__version__ = "0.1.0"


def imported_on_use(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package that imports what it offers on first use, so that the rest of it loads without.

    The package declares it where `TYPE_CHECKING` is false, else mypy would accept every name as an attribute.

    Args:
        package: its name.
        homes: the module of each name, relative to it.
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(homes[name], package), name)
        setattr(sys.modules[package], name, found)
        return found

    return find
