"""What every generator of pictures checks of a request."""

from __future__ import annotations

from pinyon.errors import InvalidRequestError

__all__ = ["check_drawing"]

MOST_PICTURES = 10
LONGEST_PROMPT = 32_000
"""Characters, the most that any hosted model takes."""
LONGEST_SIDE = 8_192
"""Pixels."""
LARGEST_SEED = 2**31 - 1


def check_drawing(prompt: str, count: int, size: tuple[int, int] | None, seed: int | None) -> None:
    """Raises InvalidRequestError."""
    if not isinstance(prompt, str) or not prompt.strip():
        raise InvalidRequestError("the prompt is empty: say what the picture shall show")
    if len(prompt) > LONGEST_PROMPT:
        raise InvalidRequestError(f"the prompt has {len(prompt):,} characters, and {LONGEST_PROMPT:,} is the most")
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_PICTURES:
        raise InvalidRequestError(f"count must be a whole number from 1 to {MOST_PICTURES}, got {count!r:.80}")
    if size is not None and not (len(size) == 2 and all(1 <= side <= LONGEST_SIDE for side in size)):
        raise InvalidRequestError(f"size must be (width, height), each 1 to {LONGEST_SIDE:,} pixels, got {size!r:.80}")
    if seed is not None and not 0 <= seed <= LARGEST_SEED:
        raise InvalidRequestError(f"seed must be 0 to {LARGEST_SEED:,}, got {seed!r:.80}")
