"""What a command imports: the program, and what Scrapy loads by name; and what each makes once, whatever it does."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import walk_packages

import scrapy.cmdline
import scrapy.commands
from scrapy.settings import Settings
from scrapy.utils.conf import build_component_list

import crawler
import crawler.replica
import pipelines
from crawler.run.agent import software
from pipelines.archive.schema.schemas import documents

COMPONENTS = ("EXTENSIONS", "DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES")


def modules() -> Iterator[str]:
    for package in (scrapy.commands, crawler, pipelines):
        yield from (found.name for found in walk_packages(package.__path__, f"{package.__name__}."))
    settings = Settings()
    settings.setmodule("crawler.settings")
    for name in COMPONENTS:
        yield from (path.rpartition(".")[0] for path in build_component_list(settings.getwithbase(name)))
    for value in settings.values():
        if isinstance(value, str) and value.startswith("scrapy."):
            yield value.rpartition(".")[0]


for module in modules():
    if not module.endswith(".__main__"):
        import_module(module)
documents()
software()
entry_points()
gc.collect()
gc.freeze()  # a fork need not look through what all have
