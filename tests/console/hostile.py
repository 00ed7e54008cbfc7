"""Texts that would do harm in a page that takes them for markup: in ids, metadata, documents and names of files."""

from __future__ import annotations

HARM = "window.__harmed = true"
TEXTS: tuple[str, ...] = (
    f"<script>{HARM}</script>",
    f"<img src=x onerror='{HARM}'>",
    f"<svg/onload={HARM}>",
    f'"><svg onload="{HARM}">',
    f"'-({HARM})-'",
    f"javascript:{HARM}",
    f"<a href='javascript:{HARM}'>here</a>",
    f"<iframe srcdoc='<script>parent.{HARM}</script>'></iframe>",
    f"<math><mi//xlink:href='data:x,<script>{HARM}</script>'>",
    f"</title><script>{HARM}</script>",
    f"</textarea><script>{HARM}</script>",
    f"<style>@import 'javascript:{HARM}';</style>",
    f"{{{{constructor.constructor('{HARM}')()}}}}",
    f"${{{HARM}}}",
    "<b>bold</b> & <i>italic</i>",
)
STRANGE: tuple[str, ...] = (
    "🌲🦉 emoji 👩‍👩‍👧‍👦",
    "مرحبا بالعالم",
    "‮reversed‬ text",
    "한글 아이디",
    "zero\u200bwidth",
    "x" * 400,
    "a/b?c=d&e#f%20g",
)
"""Texts that are no attack, and hard to show or to put into an address."""
