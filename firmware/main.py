# The loader: lies at the root of the flash and is never updated. Pulls every output low, chooses
# a slot (board/slots.py of the factory folder), starts the watchdog, and hands over to the
# application of that slot. Whatever comes back from there, an error included, ends with outputs low
# and the watchdog's reset. Needs nothing of a slot to do this. Main context, before any task.
import sys

import machine

# As board/pins.py has them; a test compares. The loader must not need that file.
OUTPUTS = (3, 2, 13, 15, 14, 16, 20)  # enable, trigger, charger, bleed, level, peak reset, select
LED = 25
WATCHDOG_MS = 8000  # [V] at most 8388 (sources.md firmware 7.2); an import of everything takes 1 s
BLINK_MS = 150  # [P] fast, unlike any running firmware: nothing here can be run
FEED_MS = 1000  # [P] at the service prompt, well inside WATCHDOG_MS
FACTORY = "firmware"
_timers: "list[object]" = []  # what nobody refers to is collected, running or not


def outputs_low() -> None:
    """Every output a plain pin again, and low: enable open, charger off, bleed closed."""
    for gp in OUTPUTS:
        machine.Pin(gp, machine.Pin.OUT, value=0)


def choose(root: str) -> "object | None":
    """The loader's own two modules are those of the factory folder, under names of their own."""
    sys.path.insert(0, root + FACTORY + "/board")
    try:
        import files
        import slots

        return slots.choose(files.Files(root))
    except Exception as error:  # noqa: BLE001  a damaged factory folder must not stop the loader
        tell(error)
        return None
    finally:
        sys.path.pop(0)
        for name in ("files", "slots"):
            sys.modules.pop(name, None)  # the application brings its own


def start(root: str, choice: "object", watchdog: "object") -> None:
    """Hand over; returns only when the application ends by itself."""
    sys.path.insert(0, root + choice.root)
    from firmware.app import main as application

    application(choice, watchdog)


def tell(error: BaseException) -> None:
    """The error and where it came from, on USB."""
    sys.print_exception(error)


def blink() -> None:
    """Outputs stay low; the prompt on USB is free for a new factory folder."""
    led = machine.Pin(LED, machine.Pin.OUT, value=1)
    _timers.append(machine.Timer(period=BLINK_MS, callback=lambda _: led.toggle()))


def serve(watchdog: "object") -> None:
    """Somebody pressed Ctrl-C on USB: outputs stay low, and the prompt stays up."""
    _timers.append(machine.Timer(period=FEED_MS, callback=lambda _: watchdog.feed()))


def wait_for_reset() -> None:
    """Nobody feeds the watchdog any more."""
    while True:
        pass


def run(root: str = "/") -> None:
    """From reset to the application."""
    outputs_low()
    choice = choose(root)
    if choice is None:
        blink()
        return
    watchdog = machine.WDT(timeout=WATCHDOG_MS)
    try:
        start(root, choice, watchdog)
        outputs_low()
    except KeyboardInterrupt:
        outputs_low()
        serve(watchdog)
        return
    except BaseException as error:  # noqa: BLE001  whatever it is, the outputs go low
        outputs_low()
        tell(error)
    wait_for_reset()


if __name__ == "__main__":
    run()
