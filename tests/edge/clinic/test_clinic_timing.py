"""Orders against what the fitted controller can time: refused in the list, not at Arm."""

from __future__ import annotations

from tests.edge.clinic.bench import ClinicBench, run

PLAIN = "apt-20261123-3"


def test_visit_on_a_controller_that_is_too_slow_is_refused_before_it_is_opened() -> None:
    """Catches: finding out at Arm, with the patient in the chair."""

    async def scenario() -> None:
        bench = ClinicBench()
        await bench.pull()
        assert bench.book.fit_controller(9_000)
        assert not bench.book.fit_controller(9_000)
        before = bench.book.visit(PLAIN)
        assert before is not None
        assert before.problems == ()

        assert bench.book.fit_controller(10_000_000)

        after = bench.book.visit(PLAIN)
        assert after is not None
        assert [problem.code for problem in after.problems] == ["interval_short"]
        (row,) = [r for r in bench.book.today() if r.appointment_id == PLAIN]
        assert row.state == "problem"

    run(scenario())
