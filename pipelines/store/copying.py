"""Copying a site to a store and from it: the door of this room."""

from __future__ import annotations

from pipelines.store.held import Diverged, Overtaken, SetBack, set_aside
from pipelines.store.pulling import WHOLE, WITHOUT_CAPTURES, CopyExtent, Pulled, copy_down, pull
from pipelines.store.pushing import Pushed, push
from pipelines.store.store_check import Checked, check
from pipelines.store.tip_copies import copy_tip

__all__ = [
    "WHOLE",
    "WITHOUT_CAPTURES",
    "Checked",
    "CopyExtent",
    "Diverged",
    "Overtaken",
    "Pulled",
    "Pushed",
    "SetBack",
    "check",
    "copy_down",
    "copy_tip",
    "pull",
    "push",
    "set_aside",
]
