"""Who is told of changed verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipelines.fleet.webhook import SHAPES
from pipelines.values import frozen

if TYPE_CHECKING:
    from pathlib import Path


@frozen(kw_only=True)
class Recipients:
    """Who is told, empty or null for nobody.

    Args:
        webhook: an address, http:// or https://.
        shape: what it is sent: `json`, `dingtalk`, `wecom`, `feishu` or `slack`.
        command: run by `/bin/sh -c` with the JSON on its standard input.
        textfile: the metrics, a file that node_exporter reads; its name ends with `.prom`.
    """

    webhook: str = ""
    shape: str = "json"
    command: str = ""
    textfile: Path | None = None

    def __post_init__(self) -> None:
        """`ValueError` for an address or a shape that cannot be used."""
        if self.webhook and urlsplit(self.webhook).scheme not in {"http", "https"}:
            raise ValueError("the address of a webhook begins with http:// or https://")
        if self.shape not in SHAPES:
            raise ValueError(f"{self.shape!r}: the shape of a webhook is one of: {', '.join(SHAPES)}")

    def __bool__(self) -> bool:
        """Whether there is anybody."""
        return bool(self.webhook or self.command or self.textfile)
