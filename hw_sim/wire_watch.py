"""An ear on the line: which whole commands reached the controller, into the truth record.

Lets checkers judge STOP, heartbeat and confirmation times without asking the product. Decodes with
the contract's own framing and nothing else; what arrives damaged did not arrive. Owns no reaction.
"""

from __future__ import annotations

from firmware.wire.commands import COMMANDS, Heartbeat, Hello
from firmware.wire.framing import Decoder
from hw_sim.kernel import Kernel
from hw_sim.recorder import TruthRecorder

NAMES = {message.TYPE: f"rx_{message.__name__}" for message in COMMANDS}
RX_BEAT = NAMES[Heartbeat.TYPE]
HALF_RANGE = 1 << 31


class WireWatch:
    """Feed it what the controller is fed. Writes wire rx_<Command> with the frame's number."""

    def __init__(self, kernel: Kernel, recorder: TruthRecorder) -> None:
        self._kernel = kernel
        self._recorder = recorder
        self._decoder = Decoder()
        self._beat: int | None = None

    def restart(self) -> None:
        """The controller lost its memory: half a frame is forgotten, any beat is new."""
        self._decoder = Decoder()
        self._beat = None

    def feed(self, data: bytes) -> None:
        for kind, seq, payload in self._decoder.feed(data):
            name = NAMES.get(kind)
            if kind == Hello.TYPE:
                self._beat = None  # another edge, another count
            if name is not None and (name != RX_BEAT or self._is_new_beat(payload)):
                self._recorder.wire(self._kernel.now_ns, name, seq)

    def _is_new_beat(self, payload: bytes) -> bool:
        """A repeated or older beat is no sign of life."""
        beat = int.from_bytes(payload, "little")
        is_new = self._beat is None or 0 < (beat - self._beat) % (2 * HALF_RANGE) < HALF_RANGE
        if is_new:
            self._beat = beat
        return is_new
