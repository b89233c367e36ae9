# Which firmware runs: two slots of one flash, each a manifest and the files that it names. Chooses
# at boot, counts the trials of a new slot before they begin, keeps or forgets. A slot is run only
# when every file has the hash of the manifest and nothing else lies in it. At each power cut the
# marks lead to a slot that was good before, or to the new one whole. Imports nothing of this
# firmware: the loader uses it before a slot has been chosen, and the marks never change their form.
from binascii import unhexlify

PLAIN = 0  # the factory folder at the root of the flash, never updated
NAMES = ("", "A", "B")  # folder of slot 1 and of slot 2
GOOD = "good"  # slots that were kept, the present one first: "B A"
TRY = "try"  # the slot on trial and how often it has been begun: "B 1"
TRIALS_MAX = 2  # [P] one for the new firmware, one more for a power cut during the first
PACKAGE = "firmware"
_SLOT_HOLDS = (PACKAGE, "manifest", "manifest.tmp")  # the last one after a power cut
_NO_HASH = bytes(8)
_DEPTH_MAX = 4  # folders in folders; the firmware has two

TYPE_CHECKING = False  # firmware.compat is not there yet when the loader runs
if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.board.files import Flash


class Choice:
    # What the loader hands to the application.

    def __init__(self, slot: int, image_hash8: bytes, is_trial: bool) -> None:
        self.slot = slot
        self.root = NAMES[slot]
        self.image_hash8 = image_hash8
        self.is_trial = is_trial


def choose(files: "Flash") -> "Choice | None":
    """The firmware to run now, None when there is none. Counts a trial before it begins."""
    kept = kept_slots(files)
    slot, begun = trial(files)
    if slot and slot not in kept[:1] and begun < TRIALS_MAX and is_intact(files, slot):
        # Without the count on the flash a firmware that hangs would be tried for ever.
        if files.replace(TRY, b"%s %d" % (NAMES[slot].encode(), begun + 1)):
            return Choice(slot, image_hash8(files, slot), True)
    for slot in kept:
        if is_intact(files, slot):
            return Choice(slot, image_hash8(files, slot), False)
    if files.list(PACKAGE):
        return Choice(PLAIN, _NO_HASH, False)
    return None


def kept_slots(files: "Flash") -> "list[int]":
    """Slots that passed their trial and are still whole as far as the marks know, best first."""
    return [slot for slot in [_slot(word) for word in _words(files, GOOD)] if slot]


def trial(files: "Flash") -> "tuple[int, int]":
    """(slot on trial, trials begun); slot 0 when there is none."""
    words = _words(files, TRY)
    if len(words) != 2 or not words[1].isdigit():
        return PLAIN, 0
    return _slot(words[0]), int(words[1])


def begin_trial(files: "Flash", slot: int) -> bool:
    """The next boots try this slot; False when it is not whole or the mark was not taken."""
    return is_intact(files, slot) and files.replace(TRY, b"%s 0" % NAMES[slot].encode())


def keep(files: "Flash", slot: int) -> bool:
    """This slot is good from now on; the one before is what a damaged flash falls back to."""
    others = [other for other in kept_slots(files) if other != slot]
    marked = " ".join([NAMES[one] for one in [slot] + others[:1]])
    if not files.replace(GOOD, marked.encode()):
        return False
    files.remove(TRY)  # a mark that stays is harmless: a slot that is good is not on trial
    return True


def clear(files: "Flash", slot: int, keep_awake: "Callable[[], None] | None" = None) -> bool:
    """Empty a slot; no mark names it any more before its first file goes."""
    if trial(files)[0] == slot and not files.remove(TRY):
        return False
    kept = kept_slots(files)
    if slot in kept:
        marked = " ".join([NAMES[one] for one in kept if one != slot])
        if not files.replace(GOOD, marked.encode()):
            return False
    manifest = manifest_path(slot)
    if files.read(manifest) is not None and not files.remove(manifest):
        return False
    return _clear_folder(files, NAMES[slot], _DEPTH_MAX, keep_awake) and files.mkdir(NAMES[slot])


def _clear_folder(
    files: "Flash", path: str, depth: int, keep_awake: "Callable[[], None] | None"
) -> bool:
    for name, is_folder in files.list(path):
        inner = path + "/" + name
        if is_folder and (depth == 0 or not _clear_folder(files, inner, depth - 1, keep_awake)):
            return False
        if not files.remove(inner):
            return False
        if keep_awake is not None:
            keep_awake()
    return True


def manifest_path(slot: int) -> str:
    """Where a slot's manifest lies; it is written last and removed first."""
    return NAMES[slot] + "/manifest"


def file_path(slot: int, name: str) -> str:
    """Where a file of an image lies in its slot."""
    return NAMES[slot] + "/" + PACKAGE + "/" + name


def image_hash8(files: "Flash", slot: int) -> bytes:
    """First 8 bytes of the SHA-256 of the slot's manifest."""
    found = files.digest(manifest_path(slot))
    return _NO_HASH if found is None else found[1][:8]


def is_intact(files: "Flash", slot: int) -> bool:
    """The slot has a manifest, every file that it names, unaltered, and no other."""
    if slot == PLAIN:
        return False
    manifest = files.read(manifest_path(slot))
    return manifest is not None and agrees(files, slot, manifest)


def agrees(files: "Flash", slot: int, manifest: bytes) -> bool:
    """The slot's files are those of this manifest and no others."""
    for name, _ in files.list(NAMES[slot]):
        if name not in _SLOT_HOLDS:
            return False
    lines = [line for line in manifest.split(b"\n") if line]
    if not lines or _count(files, NAMES[slot] + "/" + PACKAGE, _DEPTH_MAX) != len(lines):
        return False
    for line in lines:
        parts = line.split(b" ")
        if len(parts) != 3 or not _is_file(files, slot, parts):
            return False
    return True


def _is_file(files: "Flash", slot: int, parts: "list[bytes]") -> bool:
    # A manifest that is no text of ours names no file that could be found.
    try:
        wanted = int(parts[1]), unhexlify(parts[0])
        path = file_path(slot, parts[2].decode())
    except ValueError:
        return False
    return files.digest(path) == wanted


def _count(files: "Flash", path: str, depth: int) -> int:
    # Files below a folder. A stray module could be imported in place of the one that is named.
    count = 0
    for name, is_folder in files.list(path):
        if not is_folder:
            count += 1
        elif depth:
            count += _count(files, path + "/" + name, depth - 1)
    return count


def _slot(word: str) -> int:
    return NAMES.index(word) if word and word in NAMES else PLAIN


def _words(files: "Flash", path: str) -> "list[str]":
    # A mark is a few ASCII words; anything else is no mark.
    data = files.read(path)
    if data is None or len(data) > 8:
        return []
    for value in data:
        if not 0x20 <= value < 0x7F:
            return []
    return data.decode().split()
