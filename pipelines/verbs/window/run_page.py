"""The page of one run, for `report --html` and for runs that are to write theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from pipelines.archive.errors import NotUnderstood
from pipelines.window.pages import Language

if TYPE_CHECKING:
    from pipelines.fleet.run_told import RunTold


def page_of_run(told: RunTold, language: str) -> bytes:
    """One HTML document that needs no other file; all text from the site is escaped.

    Raises:
        NotUnderstood: the libraries of the window are not installed.
    """
    try:
        from pipelines.window.templates import Templates  # noqa: PLC0415 - says below what to install
    except ModuleNotFoundError as error:
        raise NotUnderstood(f"{error.name} is not installed: pip install 'speech-archive[window]'") from error
    chosen: Language = next(one for one in get_args(Language) if one == language)
    return Templates(chosen).render_alone("run.html", "style.css", {"run": told})
