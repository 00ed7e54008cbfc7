"""Figures that a benchmark wants to reach; one that is missed makes its exit status 1."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Bars:
    missed: int = 0

    def tell(self, what: str, value: float, bar: float, *, at_most: bool = False) -> None:
        """Prints whether the value is at least the bar, or at most."""
        reached = value <= bar if at_most else value >= bar
        self.missed += not reached
        kind = "at most" if at_most else "bar"
        print(f"  {'reached' if reached else 'MISSED '}  {what}: {value:.3f} ({kind} {bar:g})", flush=True)
