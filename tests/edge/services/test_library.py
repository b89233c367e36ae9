"""The signed library: what is trusted, what is refused and why, and what the shipped one holds."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.domain.prescription import MtBasis, Side
from edge.domain.train_tables import PAUSE_US_MIN, Reading, advise_train
from edge.services.library import (
    FILES_MAX,
    MANIFEST,
    LibraryError,
    ProtocolLibrary,
    read_library_files,
    sign_library,
)
from hw_sim.keys.sign_library import KEY_FILE, PROTOCOLS, main

pytestmark = pytest.mark.control("signed-library")

PRIVATE = KEY_FILE.read_text(encoding="ascii").strip()
PUBLIC = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(PRIVATE)).public_key()
KEY = PUBLIC.public_bytes_raw().hex()


@pytest.fixture(scope="module")
def shipped() -> ProtocolLibrary:
    return ProtocolLibrary.load(read_library_files(PROTOCOLS), [KEY])


def files_of(*names: str) -> dict[str, bytes]:
    """A freshly signed library of a few shipped files."""
    files = {name: (PROTOCOLS / name).read_bytes() for name in names}
    return files | {MANIFEST: sign_library(files, PRIVATE, "1", "a", "b")}


def why_refused(files: dict[str, bytes], keys: list[str] | None = None) -> str:
    with pytest.raises(LibraryError) as caught:
        ProtocolLibrary.load(files, [KEY] if keys is None else keys)
    return str(caught.value)


def with_manifest(signed: dict[str, bytes], **changes: object) -> dict[str, bytes]:
    manifest = json.loads(signed[MANIFEST]) | changes
    return signed | {MANIFEST: json.dumps(manifest).encode()}


def test_load_of_a_signed_library_gives_its_protocols_sorted() -> None:
    library = ProtocolLibrary.load(files_of("snt-1800.toml", "itbs-600.toml"), [KEY.upper()])

    assert [p.protocol_id for p in library.all()] == ["itbs-600", "snt-1800"]
    assert library.version == "1"
    assert library.key == KEY


def test_get_by_version_gives_this_one_and_without_the_newest() -> None:
    text = (PROTOCOLS / "itbs-600.toml").read_text(encoding="utf-8")
    files = {
        "itbs-600@9.toml": text.replace('"1.0.0"', '"1.9.0"').encode(),
        "itbs-600.toml": text.replace('"1.0.0"', '"1.10.0"').encode(),
    }
    manifest = sign_library(files, PRIVATE, "1", "a", "b")
    library = ProtocolLibrary.load(files | {MANIFEST: manifest}, [KEY])

    newest, older = library.get("itbs-600"), library.get("itbs-600", "1.9.0")

    # Catches versions compared as text, where 1.9.0 would be newer than 1.10.0.
    assert newest is not None
    assert newest.version == "1.10.0"
    assert older is not None
    assert older.version == "1.9.0"
    assert library.get("itbs-600", "2.0.0") is None
    assert library.get("none") is None


def test_load_with_an_untrusted_signer_is_refused() -> None:
    assert "none of the trusted keys" in why_refused(files_of("itbs-600.toml"), [])


def test_load_of_an_altered_file_is_refused_by_name() -> None:
    files = files_of("itbs-600.toml")
    files["itbs-600.toml"] = files["itbs-600.toml"].replace(b"[20, 10", b"[90, 10")

    assert why_refused(files).startswith("itbs-600.toml: altered")


def test_load_of_an_altered_file_with_a_matching_hash_is_refused() -> None:
    # Catches a library that checks the hashes but not the signature over them.
    files = files_of("itbs-600.toml")
    other = files["itbs-600.toml"].replace(b"[20, 10", b"[90, 10")
    forged = sign_library({"itbs-600.toml": other}, "11" * 32, "1", "a", "b")
    named = json.loads(forged)["files"]

    refusal = why_refused(with_manifest(files | {"itbs-600.toml": other}, files=named))

    assert "the signature does not fit" in refusal


def test_load_with_an_extra_file_is_refused_by_name() -> None:
    files = files_of("itbs-600.toml") | {"extra.toml": b""}

    assert why_refused(files) == "extra.toml: not in the signed manifest"


def test_load_with_a_missing_file_is_refused_by_name() -> None:
    files = files_of("itbs-600.toml", "snt-1800.toml")
    del files["snt-1800.toml"]

    assert why_refused(files) == "snt-1800.toml: named in the manifest, but missing"


def test_load_without_a_manifest_is_refused() -> None:
    files = files_of("itbs-600.toml")
    del files[MANIFEST]

    assert "no manifest" in why_refused(files)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"extra": 1}, "exactly the keys"),
        ({"format": 2}, "format 2"),
        ({"version": 3}, "version must be text"),
        ({"files": []}, "files must name"),
        ({"files": {"a": 1}}, "files must name"),
        ({"signature": "zz"}, "signature does not fit"),
        ({"version": "2"}, "signature does not fit"),
    ],
)
def test_load_of_a_changed_manifest_is_refused(changes: dict[str, object], words: str) -> None:
    assert words in why_refused(with_manifest(files_of("itbs-600.toml"), **changes))


def test_load_with_a_trusted_key_that_is_no_key_is_refused() -> None:
    files = files_of("itbs-600.toml")

    assert "32" in why_refused(with_manifest(files, public_key="ab"), ["ab"])
    assert "hexadecimal" in why_refused(with_manifest(files, public_key="xy"), ["xy"])


def test_load_of_a_manifest_that_is_not_json_is_refused() -> None:
    assert "not JSON" in why_refused({MANIFEST: b"{"})
    assert "exactly the keys" in why_refused({MANIFEST: b"[]"})


def test_load_of_too_many_or_too_long_files_is_refused() -> None:
    files = files_of("itbs-600.toml")

    assert "at most" in why_refused(files | {f"{i}.toml": b"" for i in range(FILES_MAX)})
    assert "long.toml" in why_refused(files | {"long.toml": b" " * 70_000})


def test_sign_of_a_file_with_faults_is_refused_with_all_of_them() -> None:
    text = (PROTOCOLS / "itbs-600.toml").read_text(encoding="utf-8")
    bad = text.replace('side = "left"', 'side = "middle"').replace("[3, 20_000]", "[3, 2_000]")

    with pytest.raises(LibraryError) as caught:
        sign_library({"bad.toml": bad.encode()}, PRIVATE, "1", "a", "b")

    assert str(caught.value).startswith("bad.toml: side: wrong code middle")
    assert "steps[0].levels: bad levels" in str(caught.value)


def test_sign_of_a_file_that_is_not_toml_is_refused_by_name() -> None:
    for data in (b"[[", b"\xff"):
        with pytest.raises(LibraryError) as caught:
            sign_library({"bad.toml": data}, PRIVATE, "1", "a", "b")
        assert str(caught.value).startswith("bad.toml: not TOML")


def test_sign_of_one_protocol_in_two_files_is_refused() -> None:
    data = (PROTOCOLS / "itbs-600.toml").read_bytes()

    with pytest.raises(LibraryError, match="in two files"):
        sign_library({"a.toml": data, "b.toml": data}, PRIVATE, "1", "a", "b")


def test_sign_with_a_key_that_is_no_key_is_refused() -> None:
    with pytest.raises(LibraryError, match="private key"):
        sign_library({}, "12", "1", "a", "b")


def test_signing_tool_without_a_version_says_how_to_use_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err


# The shipped library

PULSES_AND_LAST = {
    "10hz-standard": (3000, 2_223_900_000),
    "10hz-dash": (3000, 1_113_900_000),
    "10hz-1500": (1500, 874_900_000),
    "10hz-2400": (2400, 1_773_900_000),
    "10hz-adolescent": (3000, 2_223_900_000),
    "itbs-600": (600, 191_840_000),
    "itbs-600-adolescent": (600, 191_840_000),
    "itbs-600-30hz": (600, 190_000_000 + 1_800_000 + 66_666),
    "ctbs-300": (300, 19_840_000),
    "ctbs-600": (600, 39_840_000),
    "ctbs-600-amt": (600, 39_840_000),
    "1hz-right-360": (360, 359_000_000),
    "1hz-right-360-trains": (360, 509_000_000),
    "1hz-right-600": (600, 599_000_000),
    "1hz-right-900": (900, 899_000_000),
    "1hz-right-1200": (1200, 1_199_000_000),
    "1hz-right-1800": (1800, 1_799_000_000),
    "snt-1800": (1800, 591_840_000),
    "deep-h1": (1980, 54 * 22_000_000 + 35 * 55_556),
    "deep-h7": (2000, 1_079_950_000),
    "deep-h4": (1800, 1_064_900_000),
    "ptsd-1hz-kozel-2018": (1800, 1_799_000_000),
    "ptsd-1hz-nam": (1200, 1_199_000_000),
    "ptsd-20hz-boggio-left": (1600, 39 * 30_000_000 + 1_950_000),
    "ptsd-20hz-boggio-right": (1600, 39 * 30_000_000 + 1_950_000),
    "ptsd-itbs-philip": (1800, 591_840_000),
}
NEEDS_ORDER = {
    "bilateral-blumberger": (2100, 2100),
    "ptsd-1hz-kozel-2019": (2400, 2400),
    "ptsd-10hz-kozel-2019": (2400, 2400),
    "ptsd-5hz-philip": (3000, 4000),
    "ptsd-1hz-cohen": (100, 100),
    "ptsd-10hz-cohen": (400, 400),
    "migraine-single-pulse": None,
}
BILATERAL = ("bilateral-tbs", "bilateral-tbs-amt")


def test_shipped_library_is_signed_as_it_stands(shipped: ProtocolLibrary) -> None:
    assert len(shipped.all()) == len(list(PROTOCOLS.glob("*.toml")))


def test_shipped_library_holds_every_row_and_nothing_else(shipped: ProtocolLibrary) -> None:
    ids = {p.protocol_id for p in shipped.all()}

    assert ids == {*PULSES_AND_LAST, *NEEDS_ORDER, *BILATERAL}
    assert len(ids) == len(shipped.all())


@pytest.mark.parametrize("name", PULSES_AND_LAST)
def test_shipped_protocol_has_the_published_pulses(shipped: ProtocolLibrary, name: str) -> None:
    protocol = shipped.get(name)

    assert protocol is not None
    assert protocol.plan is not None
    assert (protocol.plan.pulses, protocol.plan.last_pulse_us) == PULSES_AND_LAST[name]


@pytest.mark.parametrize("name", NEEDS_ORDER)
def test_shipped_protocol_without_published_timing_cannot_be_planned(
    shipped: ProtocolLibrary, name: str
) -> None:
    protocol = shipped.get(name)

    assert protocol is not None
    assert protocol.needs_order
    assert "steps" in protocol.open
    assert protocol.pulses_known == NEEDS_ORDER[name]


@pytest.mark.parametrize("name", BILATERAL)
def test_shipped_bilateral_theta_burst_goes_right_then_left(
    shipped: ProtocolLibrary, name: str
) -> None:
    protocol = shipped.get(name)

    assert protocol is not None
    assert [(step.side, step.plan.pulses) for step in protocol.steps] == [
        (Side.RIGHT, 600),
        (Side.LEFT, 600),
    ]


def test_shipped_snt_holds_its_day(shipped: ProtocolLibrary) -> None:
    snt = shipped.get("snt-1800")

    assert snt is not None
    assert snt.plan is not None
    assert snt.sessions_per_day_max is not None
    assert (snt.gap_s_min, snt.sessions_per_day_max, snt.sessions_course) == (3000, 10, 50)
    assert snt.plan.pulses * snt.sessions_per_day_max == 18_000


def test_shipped_h7_refers_to_the_leg(shipped: ProtocolLibrary) -> None:
    h7 = shipped.get("deep-h7")

    assert h7 is not None
    assert h7.mt_basis is MtBasis.LEG_RMT
    assert h7.coil_types == ("h7",)


def test_shipped_protocols_keep_the_pause_floor(shipped: ProtocolLibrary) -> None:
    for protocol in shipped.all():
        percent = protocol.percent.max_pct if protocol.percent else 120
        for step in protocol.steps:
            assert not advise_train(step.plan, percent).is_pause_short, protocol.protocol_id
    assert PAUSE_US_MIN == 5_000_000


def test_shipped_cleared_protocols_stand_against_the_table_as_published(
    shipped: ProtocolLibrary,
) -> None:
    readings = {}
    for name in ("10hz-standard", "deep-h4", "deep-h7", "deep-h1", "itbs-600"):
        protocol = shipped.get(name)
        assert protocol is not None
        assert protocol.plan is not None
        assert protocol.percent is not None
        readings[name] = advise_train(protocol.plan, protocol.percent.max_pct).reading

    assert readings == {
        "10hz-standard": Reading.INSIDE,
        "deep-h4": Reading.INSIDE,
        "deep-h7": Reading.INSIDE,
        "deep-h1": Reading.OUTSIDE,
        "itbs-600": Reading.NOT_APPLICABLE,
    }
