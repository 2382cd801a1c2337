"""The generic reader: every trap of the field read to the letter, and a pinned floor on pages of eight makes."""

from __future__ import annotations

import html
import json
import re
import tomllib
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import HtmlResponse

from crawler.cms.generic.article import Article, read
from crawler.page import Page
from pipelines.text import body_text
from tests.conftest import ROOT
from tests.corpus import PAGES, Made, made_pages
from tests.test_text import LEAF, wrapped

ADDRESS = "http://yunxi.example/ldjh/show_12.html"
NASTY: dict[str, dict[str, Any]] = tomllib.loads((PAGES / "nasty" / "expected.toml").read_text("utf-8"))


def text_of(article: Article) -> str:
    return body_text([article.body_html])


@pytest.mark.parametrize("name", NASTY)
def test_nasty_pages_are_read_to_the_letter(name: str) -> None:
    expected = dict(NASTY[name])
    source = (PAGES / "nasty" / f"{name}.html").read_text("utf-8")
    response = HtmlResponse(ADDRESS, body=source.encode(expected.pop("charset", "utf-8")))
    article = read(Page(ADDRESS, response.text))
    found = {
        key: value.text
        for key in ("title", "published", "author", "source", "views")
        if (value := getattr(article, key))
    }
    found |= {"body": text_of(article)} | ({"next_part": article.next_part} if article.next_part else {})
    assert found == expected
