"""Why it stopped, as one text: what was measured, the limit, the dose, what to do, how long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.domain.faults import STOP_CODES, fault_row
from edge.services.chair_state import DeviceState, Dose
from edge.services.stop_words import measured, stop_sentence, stop_state
from edge.services.texts import Texts
from tests.support.chair_bench import LIMITS, Bench, bench

WORDS = Texts.load("en").sentence
GIVEN = Dose(prescribed=600, delivered=330)


def device(**readings: int | None) -> DeviceState:
    return replace(DeviceState(ordered_pct_mso=50), **readings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "readings", "shown"),
    [
        ("201", {"surface_c10": 412}, (41.2, 41.0, "°C")),
        ("202", {"winding_c10": 805}, (80.5, 80.0, "°C")),
        ("301", {"bank_mv": 850_000}, (850, 882, "V")),
        ("301", {"bank_mv": 950_000}, (950, 918, "V")),
        ("305", {"amplitude_pm": 575}, (115, 110.0, "%")),
        ("305", {"amplitude_pm": 420}, (84, 90.0, "%")),
        ("305", {"amplitude_pm": None}, (None, 90.0, "%")),
        ("101", {}, (None, None, "")),
    ],
)
def test_stop_shows_what_was_measured_and_the_limit_it_passed(
    code: str, readings: dict[str, int | None], shown: tuple[float | None, float | None, str]
) -> None:
    stop = stop_state(code, 0.0, device(**readings), LIMITS)

    assert (stop.value, stop.limit, stop.unit) == shown


def test_numbers_are_written_as_on_the_screen() -> None:
    assert measured(41.0, "°C") == "41\u00a0°C"
    assert measured(41.24, "°C") == "41.2\u00a0°C"
    assert measured(7, "") == "7"
    assert measured(None, "°C") == "–"


def test_stop_text_has_its_parts_in_the_order_of_the_screen() -> None:
    stop = stop_state("201", 0.0, device(surface_c10=412), LIMITS)

    text = stop_sentence(stop, GIVEN, WORDS)

    assert text == (
        "The coil's contact face reached 41.2\u00a0°C, the limit is 41\u00a0°C."
        " The 330 pulses given so far count."
        " Take the coil off the head and look at the skin."
        " Let the coil cool below 35 °C, then recheck."
        " About 2 minutes with cooling, 20 to 30 minutes without."
    )


@pytest.mark.parametrize("code", STOP_CODES)
def test_every_stop_says_whether_the_dose_counts(code: str) -> None:
    stop = stop_state(code, 0.0, device(), LIMITS)
    word = "count." if fault_row(code).dose_counts else "must be reviewed by a clinician."

    assert f"330 pulses given so far {word}" in stop_sentence(stop, GIVEN, WORDS) or (
        f"The count of 330 pulses {word}" in stop_sentence(stop, GIVEN, WORDS)
    )
    open_count = stop_sentence(stop, Dose(600, 330, 30), WORDS)
    assert "30 more pulses may have been given. The day's limit counts them as given." in open_count


def test_stop_of_a_session_is_in_the_journal_and_on_the_screen_s_story_with_its_text() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(3)
        made.unit.press_estop()
        await made.until(lambda: "stopped" in made.kinds())
        visit = made.state.visit
        assert visit is not None
        rows = made.journal.rows(visit.session.session_id)
        (row,) = [row for row in rows if row.kind == "stopped"]
        text = str(row.body["text"])
        assert text.startswith("The emergency stop was pressed.")
        assert text.endswith("Arming again takes about 10 seconds.")
        assert any(line.args.get("text") == text for line in visit.session.log)

    bench(scenario)


def test_pause_by_a_person_needs_no_explanation() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(3)
        made.accept(await made.chair.pause("Tina Tech"))
        await made.until(lambda: "paused" in made.kinds())
        visit = made.state.visit
        assert visit is not None
        (row,) = [r for r in made.journal.rows(visit.session.session_id) if r.kind == "paused"]
        assert "text" not in row.body

    bench(scenario)
