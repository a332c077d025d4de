from __future__ import annotations

from html.parser import HTMLParser

from flyte_jupyter.view import Report


class Attributes(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_a_report_stays_inside_of_its_frame() -> None:
    hostile = "\"></iframe><script>alert('out')</script><iframe srcdoc='"
    parser = Attributes()
    parser.feed(Report(f"report of {hostile}", hostile)._repr_html_())
    ((tag, attributes),) = parser.tags
    assert tag == "iframe"
    assert attributes["srcdoc"] == hostile
    assert "same-origin" not in (attributes["sandbox"] or "")


def test_where_there_is_no_page_its_size_is_told() -> None:
    assert repr(Report("report of r1", "x" * 1234)) == "<report of r1: 1,234 characters of HTML>"
