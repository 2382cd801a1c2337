"""Pages made to exhaust a reader: refused as too large, or read within a bound of CPU time."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from crawler.pages import family
from crawler.pages.page import Page, PageError, PageSizeError
from tests.conftest import ROOT

URL = "http://gszx.example/ldjh/t1.html"
SECONDS = 10
"""Of CPU time for all pages: a fifth of it is used; each quadratic step took minutes."""
TOO_LARGE = {
    "attributes": "<p " + " ".join(f"a{number}=1" for number in range(100_000)) + ">甲</p>",
    "attributes without blanks": "<p " + "/a" * 100_000 + ">甲</p>",
    "tags": "<span>甲</span>" * 40_000,
    "text": "<p>" + "甲" * 2_100_000,
}
READ = {
    "picture": "<p>甲</p><img src='data:image/png;base64," + "A/b+" * 250_000 + "'>",
    "quotes": "<p " + "\"' " * 100_000 + ">甲",
    "signs": "<" * 250_000,
    "alerts": "<script>" + "alert('" * 50_000 + "</script>",
    "moves": "<script>" + "location='" * 50_000 + "</script>",
    "writes": "<script>" + "document.write('" * 25_000 + "</script>",
    "title": f"<h1>{'题' * 100_000}</h1>",
    "rows": "".join(f"<li><a href='t{n}.html'>在第{n}次会议上的讲话</a>2023-12-01</li>" for n in range(2_000)),
    "breaks": "甲<br>" * 25_000,
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_page_with_more_than_any_real_one_is_refused(name: str) -> None:
    with pytest.raises(PageSizeError, match="more than"):
        Page(URL, TOO_LARGE[name])


def read_all() -> None:
    """Read every page as an article and as a list, by structure and by what KesionCMS declares."""
    for cms in ("generic", "kesion"):
        reader = family(cms, None, ("领导讲话",), ())
        for text in READ.values():
            page = Page(URL, f"<title>讲话</title><div>{text}<p>各位委员、同志们：今天开会。</p></div>")
            reader.notice(page, is_article=True)
            reader.read_list(page)
            try:
                reader.read_article(page, 1, None)
            except PageError as error:
                print(error)


def test_no_page_takes_more_than_linear_time() -> None:
    program = "from tests.test_hostile_pages import read_all; read_all()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS)),
    )
    assert done.returncode == 0, done.stderr[-400:]
