"""Questions about tasks, triggers, projects, secrets and uploads; `LATER` as in `runs`."""

from __future__ import annotations

from typing import Any

QUESTIONS: dict[str, Any] = {}
LATER: dict[str, Any] = {}
