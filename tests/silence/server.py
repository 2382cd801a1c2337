"""`python -m tests.silence.server FLAVOUR`: a replica that damages answers as /__replica__/damage says."""

from __future__ import annotations

import json
import random
import sys
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING, Any

from crawler.replica.kesion.forms import form_of
from crawler.replica.kesion.site_pages import Kesion
from crawler.replica.kesion.templates import FLAVOURS
from crawler.replica.kesion.views import ListPages, pages_of
from crawler.replica.server import Bench
from crawler.replica.site import Item, Site
from tests.replicas import FAMILIES, family_replica
from tests.silence.damages import ARTICLE_DAMAGES, LIST_DAMAGES
from tests.silence.scene import Scene

if TYPE_CHECKING:
    from crawler.replica.asp import Answer, Asked
    from crawler.replica.cms import Cms

SPEECHES, PER_PAGE, SEED = 9, 5, 7
LEAST_SHARE = 0.1
"""Of a speech's lines: speeches share a sentence or two, and the shortest of a speech's parts holds more."""


class Damaged:
    """A CMS behind something that damages some of its answers."""

    def __init__(self, cms: Cms, encoding: str) -> None:
        self.cms, self.encoding = cms, encoding
        self.site, self.robots, self.server = cms.site, cms.robots, cms.server
        self.headers, self.html, self.step = cms.headers, cms.html, cms.step
        self.speeches: list[dict[str, Any]] = cms.truth()["speeches"]
        self.paths: dict[str, str] = {}
        self.lists: dict[str, None] = {}
        self.removed: Item | None = None
        self.order: dict[str, Any] = {}
        self.done = 0

    def truth(self) -> dict[str, Any]:
        title = self.removed.speech.title if self.removed else None
        removed = [one["native_id"] for one in self.speeches if one["title"] == title]
        return {**self.cms.truth(), "damaged": self.done, "removed": removed}

    def begin(self, order: dict[str, Any]) -> None:
        """`damage`, `is_list`, `target` (native id), `seed`, `times` (0: always); empty: no damage."""
        self.order, self.done = order, 0
        self.lists.clear()
        self.paths.pop("lent", None)
        if self.removed is not None:
            self.removed.state, self.removed = "live", None

    def remove_newest(self) -> bool:
        """Take the newest speech but the target off the site until the next damage; False when that is done."""
        if self.removed is not None:
            return False
        title = next(one["title"] for one in self.speeches if one["native_id"] == self.order["target"])
        live = (one for one in reversed(self.site.live()) if one.speech.title != title)
        self.removed = next(one for one in live if not one.pinned)
        self.removed.state = "removed"
        return True

    def respond(self, asked: Asked) -> Answer:
        answer = self.cms.respond(asked)
        if answer.status != 200 or "html" not in answer.content_type:
            return answer
        text = answer.body.decode(self.encoding)
        scenes = [self._scene(asked, answer, text, speech) for speech in self.speeches]
        shown = max(scenes, key=Scene.share)
        is_article = shown.share() >= LEAST_SHARE
        if is_article and shown.target["native_id"] != self.order.get("target"):
            self.paths["article"] = shown.path
        elif not is_article and any(scene.is_list() for scene in scenes):
            self.paths.setdefault("list", asked.target)
            self.lists[asked.target] = None
        if not self.order:
            return answer
        aimed = next(scene for scene in scenes if scene.target["native_id"] == self.order["target"])
        is_aimed = (
            not is_article and aimed.is_list()
            if self.order["is_list"]
            else is_article and aimed is shown and aimed.is_named()
        )
        if not is_aimed or 0 < self.order["times"] <= self.done:
            return answer
        table = LIST_DAMAGES if self.order["is_list"] else ARTICLE_DAMAGES
        damaged = table[self.order["damage"]](aimed)
        self.done += damaged is not None
        return answer if damaged is None else damaged

    def _scene(self, asked: Asked, answer: Answer, text: str, speech: dict[str, Any]) -> Scene:
        return Scene(
            path=asked.target,
            answer=answer,
            text=text,
            encoding=self.encoding,
            target=speech,
            speeches=self.speeches,
            dice=random.Random(f"{self.order.get('seed')} {asked.target}"),  # noqa: S311 - a seeded test
            ask=lambda path: self.cms.respond(replace(asked, method="GET", target=path, form="")),
            paths=self.paths,
            lists=tuple(self.lists),
            remove_newest=self.remove_newest,
        )


class DamagingBench(Bench):
    """The server with one more control."""

    cms: Damaged

    def control(self, method: str, name: str, body: dict[str, Any]) -> Any:
        if (method, name) == ("POST", "damage"):
            with self.lock:
                self.cms.begin(body)
            return {"ok": True}
        return super().control(method, name, body)


def make_cms(flavour: str) -> Damaged:
    site = Site(SPEECHES, SEED)
    if flavour in FAMILIES:
        family = family_replica(flavour, site, PER_PAGE, None)
        return Damaged(family, family.encoding)
    kind = FLAVOURS[flavour]
    form = form_of("dynamic", kind.name, site, lambda class_id: pages_of(len(lists.class_rows(class_id)), PER_PAGE))
    site.native_id, site.is_file = form.native_id, form.is_file
    lists = ListPages(
        flavour=kind,
        site=site,
        form=form,
        alias="http://192.168.3.251:88/",
        date_form=kind.date_form,
        per_page=PER_PAGE,
    )
    return Damaged(Kesion(kind, site, lists, None), kind.encoding)


def main() -> None:
    with DamagingBench(("127.0.0.1", 0), make_cms(sys.argv[1])) as bench:

        def leave() -> None:
            sys.stdin.read()
            bench.shutdown()

        Thread(target=leave, daemon=True).start()
        print(json.dumps({"url": "http://127.0.0.1:{1}/".format(*bench.server_address)}), flush=True)
        bench.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
