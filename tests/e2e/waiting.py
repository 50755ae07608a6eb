"""Waiting for something to become true, never longer than allowed and never in silence."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")

PAUSE = 0.1


def wait_for(what: str, look: Callable[[], Seen], is_it: Callable[[Seen], object], seconds: float = 30) -> Seen:
    """Looks until `is_it` accepts what is seen, and returns it; past the deadline says what was awaited and seen."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if is_it(seen):
            return seen
        if time.monotonic() >= deadline:
            raise AssertionError(f"awaited {what} for {seconds:g} s; last seen: {seen!r}")
        time.sleep(PAUSE)
