"""The page of one run, for `report --html` and for runs that are to write theirs."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, get_args

from pipelines.archive.errors import NotUnderstood
from pipelines.window.pages import Language

if TYPE_CHECKING:
    from pipelines.fleet.run_told import RunTold
    from pipelines.window.templates import Templates

_PAGE, _STYLE = "run.html", "style.css"
_PARTS = ("macros.html", "head.html")
"""Templates that the page's own names."""


def page_of_run(told: RunTold, language: str) -> bytes:
    """One HTML document that needs no other file; all text from the site is escaped.

    Raises:
        NotUnderstood: the libraries of the window are not installed.
    """
    return templates_of_run(language).render_alone(_PAGE, _STYLE, {"run": told})


@cache
def templates_of_run(language: str) -> Templates:
    """All that `page_of_run` takes, read from its files: a run of hours does so at its start.

    Raises:
        NotUnderstood: as there.
    """
    try:
        from pipelines.window.templates import Templates  # noqa: PLC0415 - says below what to install
    except ModuleNotFoundError as error:
        raise NotUnderstood(f"{error.name} is not installed: pip install 'CHECKOUT-OR-WHEEL[window]'") from error
    chosen: Language = next(one for one in get_args(Language) if one == language)
    made = Templates(chosen)
    made.load_alone(_STYLE, _PAGE, *_PARTS)
    return made
