# Runs inside real MicroPython: imports the named test modules, runs every test_ function, and
# prints one line each, then the transcripts of whole sessions, then the count. Started by
# run_on_micropython.mjs, which sets MODULES. No decisions about what is right: the tests have them.
import sys

MODULES: "tuple[str, ...]" = ()


def _module(name: str) -> object:
    __import__(name)
    return sys.modules[name]


async def run() -> None:
    """Run everything; the last line tells how many passed and failed."""
    passed = 0
    failed = 0
    for name in MODULES:
        module = _module(name)
        for test in sorted([key for key in dir(module) if key.startswith("test_")]):
            try:
                outcome = getattr(module, test)()
                if outcome is not None:
                    await outcome
                passed += 1
                print(f"PASS {name}.{test}")  # noqa: T201
            except Exception as error:  # noqa: BLE001
                failed += 1
                print(f"FAIL {name}.{test}")  # noqa: T201
                sys.print_exception(error)  # type: ignore[attr-defined]
        for scenario in getattr(module, "SCENARIOS", ()):
            await scenario()
            passed += 1
            print(f"PASS {name}.{scenario.__name__}")  # noqa: T201
        for scenario in getattr(module, "LOGS", ()):
            try:
                for line in await module.log_of(scenario):  # type: ignore[attr-defined]
                    print(f"LOG {scenario} {line}")  # noqa: T201
            except Exception as error:  # noqa: BLE001
                failed += 1
                print(f"FAIL {name}.{scenario}")  # noqa: T201
                sys.print_exception(error)  # type: ignore[attr-defined]
        for transcript in getattr(module, "TRANSCRIPTS", ()):
            print(f"TRANSCRIPT {transcript.__name__} {transcript()}")  # noqa: T201
    print(f"DONE {passed} passed {failed} failed")  # noqa: T201
