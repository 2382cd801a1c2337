"""The option `--problems` of the verbs that show problems or choose by them."""

from __future__ import annotations

import argparse

from pipelines.reasons import PROBLEM_KINDS, SEVERITIES, ProblemChoice
from pipelines.reasons.problem_choice import ALL, METAVAR, USUAL


def add_problems(parser: argparse._ActionsContainer, what: str, *, is_asked: bool = True) -> None:
    """Add the option; its value is a `ProblemChoice`, unless it is null.

    Args:
        parser: of the verb, or a group in it.
        what: what is done with the problems that are asked for, as the beginning of the help.
        is_asked: without the option the usual ones are asked for, else its value is null.
    """
    kinds, severities = ", ".join(PROBLEM_KINDS), ", ".join(SEVERITIES)
    words = f"kinds ({kinds}), severities ({severities}; each with the graver ones), codes, or {ALL}"
    parser.add_argument(
        "--problems",
        metavar=METAVAR,
        type=_choice,
        default=ProblemChoice.of(None) if is_asked else None,
        help=f"{what}: {words}" + f" (default: {USUAL})" * is_asked,
    )


def _choice(words: str) -> ProblemChoice:
    try:
        return ProblemChoice.of(words)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
