"""Sentences for people from the Fluent catalogues: refusals, stops, log lines.

Loads edge/texts/<language>/*.ftl once at start. A missing key is never an error in front of a
patient: it reads as the key itself and is logged once. No clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import resources

import structlog
from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax.ast import Resource

log = structlog.get_logger(__name__)

CATALOGUES = ("codes.ftl", "screen.ftl")

Sentence = Callable[[str, Mapping[str, str | int | float]], str]


@cache  # two files a language; reading them takes a second on a Pi
def _parsed(source: str) -> Resource:
    return FluentResource(source)


class Texts:
    """One language."""

    def __init__(self, language: str, sources: Iterable[str]) -> None:
        # Isolation marks are for mixed scripts on screens; these sentences go to logs and JSON.
        self._bundle = FluentBundle([language], use_isolating=False)
        for source in sources:
            self._bundle.add_resource(_parsed(source))
        self._missed: dict[str, None] = {}

    @classmethod
    def load(cls, language: str) -> Texts:
        """The catalogues that come with the package; a missing language is FileNotFoundError."""
        folder = resources.files("edge").joinpath("texts", language)
        if not folder.is_dir():
            raise FileNotFoundError(f"no texts for language {language!r}")
        files = [folder.joinpath(name) for name in CATALOGUES]
        return cls(language, [file.read_text("utf-8") for file in files if file.is_file()])

    def sentence(self, key: str, args: Mapping[str, str | int | float] | None = None) -> str:
        """The text of a key with its values; the key itself when there is none."""
        if not self._bundle.has_message(key):
            return self._miss(key, "no such text")
        message = self._bundle.get_message(key)
        if message.value is None:
            return self._miss(key, "text is empty")
        text, errors = self._bundle.format_pattern(message.value, dict(args or {}))
        if errors:
            self._miss(key, "; ".join(str(error) for error in errors))
        return str(text)

    def _miss(self, key: str, why: str) -> str:
        if key not in self._missed:
            self._missed[key] = None
            log.error("text is missing", key=key, why=why)
        return key
