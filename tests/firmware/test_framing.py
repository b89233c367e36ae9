# Frames on the line: what is sent comes back, whatever else arrives is survived, counted, and over
# at the next delimiter.
from firmware.wire.framing import (
    BAD_FRAMES_MAX,
    FRAME_BYTES_MAX,
    PAYLOAD_BYTES_MAX,
    Decoder,
    decode_chunk,
    encode,
)
from tests.firmware.chance import Chance, sized
from tests.firmware.marks import control

pytestmark = control("framing")


def test_frame_of_every_payload_length_comes_back() -> None:
    chance = Chance(1)
    decoder = Decoder()
    for size in range(PAYLOAD_BYTES_MAX + 1):
        for payload in (bytes(size), b"\xff" * size, chance.blob(size)):
            frame = encode(0x81, size * 585, payload)
            assert frame[-1] == 0
            assert 0 not in frame[:-1]
            assert decoder.feed(frame) == [(0x81, size * 585, payload)]
    assert decoder.bad_frames == 0


def test_frame_fed_byte_by_byte_comes_back_once() -> None:
    decoder = Decoder()
    frame = encode(7, 9, b"a\x00b")
    found = []
    for value in frame:
        found += decoder.feed(bytes([value]))
    assert found == [(7, 9, b"a\x00b")]


def test_frames_in_one_chunk_come_back_in_order() -> None:
    data = b"".join([encode(n, n, b"x" * n) for n in range(20)])
    assert [seq for _, seq, _ in Decoder().feed(data + b"\x05")] == list(range(20))


def test_frame_with_any_flipped_bit_is_refused() -> None:
    # Catches: a checksum over the payload only.
    frame = encode(0x08, 0x1234, b"\x00\x01\x02\x00\xfe")
    for position in range(len(frame) - 1):
        for bit in range(8):
            chunk = bytearray(frame[:-1])
            chunk[position] ^= 1 << bit
            decoder = Decoder()
            found = decoder.feed(bytes(chunk) + b"\x00")
            assert found == [], f"byte {position} bit {bit}"
            assert decoder.bad_frames >= 1


def test_frame_cut_short_anywhere_is_refused() -> None:
    frame = encode(0x08, 1, b"12345678")
    for length in range(1, len(frame) - 1):
        assert decode_chunk(frame[:length]) is None


def test_decoder_after_garbage_resynchronises_at_the_delimiter() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x11\x22garbage\x00" + encode(1, 2, b"")) == [(1, 2, b"")]
    assert decoder.bad_frames == 1


def test_decoder_without_delimiter_keeps_bounded_bytes_and_counts_once() -> None:
    # Catches: an unbounded buffer.
    decoder = Decoder()
    for _ in range(50):
        assert decoder.feed(b"\x01" * 100) == []
        assert len(decoder._held) <= FRAME_BYTES_MAX
    assert decoder.bad_frames == 1
    assert decoder.feed(b"\x02\x00" + encode(3, 4, b"ok")) == [(3, 4, b"ok")]
    assert decoder.bad_frames == 1


def test_decoder_chunk_over_the_bound_is_refused_even_when_complete() -> None:
    long = encode(1, 1, b"\x01" * (FRAME_BYTES_MAX + 1))
    decoder = Decoder()
    assert decoder.feed(long) == []
    assert decoder.bad_frames == 1


def test_decoder_between_delimiters_counts_nothing() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x00\x00\x00") == []
    assert decoder.bad_frames == 0


def test_decoder_count_stops_at_its_bound() -> None:
    decoder = Decoder()
    decoder.bad_frames = BAD_FRAMES_MAX
    decoder.feed(b"\x01\x00")
    assert decoder.bad_frames == BAD_FRAMES_MAX


def test_decoder_fuzzed_with_random_bytes_finds_only_what_was_sent() -> None:
    chance = Chance(2)
    decoder = Decoder()
    total = sized(200000, 4000)
    fed = 0
    sent = []
    found = []
    while fed < total:
        if chance.below(4) == 0:
            payload = chance.blob(chance.below(40))
            sent.append((chance.below(256), chance.below(65536), payload))
            data = b"\x00" + encode(*sent[-1])
        else:
            data = chance.blob(1 + chance.below(60))
        fed += len(data)
        while data:
            step = 1 + chance.below(17)
            found += decoder.feed(data[:step])
            data = data[step:]
    assert found == sent
    assert len(sent) > 10
    assert decoder.bad_frames > 10


def test_decoder_fuzzed_with_damaged_frames_never_yields_a_changed_one() -> None:
    chance = Chance(3)
    decoder = Decoder()
    for number in range(sized(20000, 300)):
        payload = chance.blob(chance.below(30))
        damaged = bytearray(encode(5, number & 0xFFFF, payload))
        position = chance.below(len(damaged))
        damaged[position] = chance.below(256)
        for kind, seq, got in decoder.feed(bytes(damaged) + b"\x00"):
            assert (kind, seq, got) == (5, number & 0xFFFF, payload)
