"""Plants against the dose: arming, tokens, seals, level, plan, count, and what goes on after."""

from __future__ import annotations

from hw_sim.plants import bugs_edge as edge
from hw_sim.plants import bugs_firmware as core
from hw_sim.plants.plant import Plant

DOSE: tuple[Plant, ...] = (
    Plant("token-kept", ("I5",), "visit", (core.token_kept,)),
    Plant(
        "stale-token",
        ("I5",),
        "treatment",
        (core.fire_without_token, edge.stale_token),
        {
            core.fire_without_token.text: "the edge asks with the token in force",
            edge.stale_token.text: "the firmware refuses any other token",
        },
    ),
    Plant(
        "echo-unread",
        ("I5",),
        "treatment",
        (core.echo_differs, edge.echo_not_compared),
        {
            core.echo_differs.text: "the edge compares every field before it confirms",
            edge.echo_not_compared.text: "the firmware understands what it was told",
        },
    ),
    Plant(
        "stale-confirm",
        ("I5",),
        "treatment",
        (core.confirm_without_token, edge.stale_confirm),
        {
            core.confirm_without_token.text: "the edge confirms with the echo's token",
            edge.stale_confirm.text: "the firmware refuses any other token",
        },
    ),
    Plant(
        "charged-higher",
        ("I6",),
        "treatment",
        (core.arm_without_level, edge.charged_higher),
        {
            core.arm_without_level.text: "the edge arms what it has charged",
            edge.charged_higher.text: "the firmware compares the arming with its bank",
        },
    ),
    Plant("level-higher", ("I6", "I40"), "visit", (edge.level_higher,)),
    Plant("bank-unread", ("I7",), "low_bank", (core.bank_unread,)),
    Plant("pulse-too-near", ("I8",), "visit", (core.pulse_too_near,)),
    Plant("pulse-caught-up", ("I9",), "visit", (core.pulse_caught_up,)),
    Plant(
        "armed-quicker",
        ("I9",),
        "treatment",
        (core.fingerprint_believed, edge.armed_quicker),
        {
            core.fingerprint_believed.text: "the edge tells the plan that it made the print of",
            edge.armed_quicker.text: "the firmware works the fingerprint out anew",
        },
    ),
    Plant(
        "trains-early",
        ("I9",),
        "treatment",
        (core.start_unjudged, edge.trains_early),
        {
            core.start_unjudged.text: "the edge keeps the plan's pauses",
            edge.trains_early.text: "the firmware refuses a train before the plan's pause",
        },
    ),
    Plant("one-train-more", ("I10", "I40"), "visit", (edge.one_train_more,)),
    Plant("pulse-uncounted", ("I19",), "visit", (core.pulse_uncounted,)),
    Plant("amplitude-misreported", ("I19",), "visit", (core.amplitude_misreported,)),
    Plant("rest-skipped", ("I20",), "pause", (edge.rest_skipped,)),
    Plant("book-not-restored", ("I19",), "killed_edge", (edge.book_not_restored,)),
    Plant(
        "seals-unread",
        ("I33",),
        "forger",
        (core.seal_ignored, core.counter_ignored),
        {
            core.seal_ignored.text: "a counter holds only once",
            core.counter_ignored.text: "the seal covers number and counter",
        },
    ),
    Plant(
        "replays-obeyed",
        ("I33",),
        "forger",
        (core.numbers_ignored, core.counter_ignored),
        {
            core.numbers_ignored.text: "a counter holds only once",
            core.counter_ignored.text: "a number is obeyed only once",
        },
    ),
    Plant("order-renewed", ("I36",), "changed_order", (edge.order_renewed,)),
    Plant(
        "restored-default",
        ("I40",),
        "killed_edge",
        (edge.restored_default, edge.agreed_not_compared),
        {
            edge.restored_default.text: "a rest is refused when its level is not the order's",
            edge.agreed_not_compared.text: "what is given is what was agreed",
        },
    ),
)
