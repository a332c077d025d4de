"""The report that a task wrote, in a frame that can do nothing to the notebook."""

from __future__ import annotations

from html import escape


class Report:
    """A report as the value of a cell.

    Args:
        title: what it is the report of; read by screen readers, and shown where there is no page.
        html: the report. It cannot read or change anything outside of its frame.
        height: of the frame, in pixels.
    """

    def __init__(self, title: str, html: str, height: int = 420) -> None:
        self.title = title
        self.html = html
        self.height = height

    def __repr__(self) -> str:
        return f"<{self.title}: {len(self.html):,} characters of HTML>"

    def _repr_html_(self) -> str:
        return (
            f'<iframe sandbox="allow-scripts" title="{escape(self.title)}" srcdoc="{escape(self.html)}" '
            f'style="width:100%;height:{int(self.height)}px;border:1px solid #b8bcc4;background:#ffffff"></iframe>'
        )
