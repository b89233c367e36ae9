"""Catalogues: sentences with values, and a missing key that never fails in front of a patient."""

from __future__ import annotations

import pytest

from edge.services.texts import Texts

pytestmark = pytest.mark.control("stop-sentences")


def test_texts_fill_in_values() -> None:
    texts = Texts("en", ["refusal-hot = The coil is at { $value } °C.\n"])
    assert texts.sentence("refusal-hot", {"value": 41.5}) == "The coil is at 41.5 °C."


def test_texts_without_the_key_read_as_the_key() -> None:
    texts = Texts("en", [])
    assert texts.sentence("refusal-nothing") == "refusal-nothing"


def test_texts_with_a_missing_value_still_give_a_sentence() -> None:
    texts = Texts("en", ["x = Limit { $limit }.\n"])
    assert "Limit" in texts.sentence("x", {})


def test_texts_of_the_package_load() -> None:
    assert Texts.load("en").sentence("refusal-wrong_state", {"state": "idle"})


def test_texts_of_an_unknown_language_are_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="xx"):
        Texts.load("xx")
