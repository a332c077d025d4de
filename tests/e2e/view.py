"""What a person sees of a run, found by role and name."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

PATIENCE = 60_000  # ms; generous, a two-core machine may be busy


def rows(cell: Locator, phase: str | None = None) -> Locator:
    """The rows of actions in the live view, of one phase if asked."""
    return cell.locator(f"[role=treegrid] [role=row][data-action]{f'[data-phase={phase}]' if phase else ''}")


def expect_rows(cell: Locator, phase: str, count: int) -> None:
    """Wait until so many rows are in that phase."""
    expect(rows(cell, phase)).to_have_count(count, timeout=PATIENCE)


def expect_root(cell: Locator, phase: str, timeout: float = PATIENCE) -> None:
    """Wait until the run is in that phase."""
    expect(cell.locator(f"[role=row][data-action=a0][data-phase={phase}]").first).to_be_visible(timeout=timeout)


def expect_text(cell: Locator, text: str) -> None:
    """Wait until the text can be read."""
    expect(cell.get_by_text(text).filter(visible=True).first).to_be_visible(timeout=PATIENCE)


def abort_run(cell: Locator) -> None:
    """Click Abort run, and confirm."""
    cell.get_by_role("button", name="Abort run", exact=True).click()
    cell.get_by_role("button", name="Confirm abort").click()
