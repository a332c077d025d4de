"""What a sanitiser leaves of a snapshot: parses it, and checks that nothing in it would be dropped."""

from __future__ import annotations

import re
from html.parser import HTMLParser

TAGS = {"div", "span", "b", "code", "pre", "a", "details", "summary", "table", "tr", "th", "td"}
ATTRIBUTES = {"class", "style", "title", "align", "colspan", "href", "target", "rel", "open"}
# The placeholder's own, which the page reads where they are left and does without where not.
OWN = {"data-flyte-hub", "data-flyte-view"}
VOID: set[str] = set()


class Survivors(HTMLParser):
    """The text, links and classes of HTML that is checked while it is read."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.hrefs: list[str] = []
        self.tags: list[str] = []
        self.classes: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        self.tags.append(tag)
        self._open.append(tag)
        for name, value in attrs:
            assert name in ATTRIBUTES or (not self._open[1:] and name in OWN), (tag, name)
            if name == "style":
                assert not re.search(r"var\(|url\(|expression|color-scheme|@", value or ""), value
            elif name == "href":
                self.hrefs.append(value or "")
            elif name == "class":
                self.classes += (value or "").split()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_data(self, data: str) -> None:
        self.text += data.replace("\xa0", " ")
