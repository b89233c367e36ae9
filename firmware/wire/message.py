# The base of all messages: field names with units, a struct format, pack and unpack with range
# checks. Owns no bytes on the line (framing.py does) and no meaning (commands.py, reports.py do).
# MicroPython subset; struct.pack there wraps silently, therefore the ranges are checked here.
import struct

_RANGES = {
    "B": (0, 0xFF),
    "b": (-0x80, 0x7F),
    "H": (0, 0xFFFF),
    "h": (-0x8000, 0x7FFF),
    "I": (0, 0xFFFFFFFF),
    "i": (-0x80000000, 0x7FFFFFFF),
    "Q": (0, 0xFFFFFFFFFFFFFFFF),
}


class WireError(Exception):
    pass


class Message:
    # Subclasses set a type number, a letter string ("BHI", or "8" + "s" pairs via BYTES) and the
    # field names. CODES has one letter per field; "s" fields take their length from SIZES.
    TYPE = 0
    CODES = ""
    FIELDS: "tuple[str, ...]" = ()
    SIZES: "tuple[int, ...]" = ()  # lengths of the "s" fields, in order
    IS_SEALED = False  # on the line the payload is followed by a seal (seal.py)
    # Worked out once per class at its first use: struct format, size, bounds of each field.
    LAYOUT: "tuple[str, int, tuple[tuple[str, int, int], ...]] | None" = None

    def __init__(self, **values: "int | bytes") -> None:
        for name in self.FIELDS:
            if name not in values:
                raise WireError("%s misses %s" % (self.__class__.__name__, name))
            setattr(self, name, values[name])
        if len(values) != len(self.FIELDS):
            raise WireError("%s has unknown fields" % self.__class__.__name__)

    @classmethod
    def layout(cls) -> "tuple[str, int, tuple[tuple[str, int, int], ...]]":
        """Format, size, and (name, low, high) per field; high -1 marks bytes of length low."""
        if cls.LAYOUT is None:
            text = "<"
            bounds = []
            sizes = list(cls.SIZES)
            for code, name in zip(cls.CODES, cls.FIELDS):
                if code == "s":
                    size = sizes.pop(0)
                    text += "%ds" % size
                    bounds.append((name, size, -1))
                else:
                    text += code
                    low, high = _RANGES[code]
                    bounds.append((name, low, high))
            cls.LAYOUT = (text, struct.calcsize(text), tuple(bounds))
        return cls.LAYOUT

    @classmethod
    def format(cls) -> str:
        return cls.layout()[0]

    @classmethod
    def size(cls) -> int:
        return cls.layout()[1]

    def pack(self) -> bytes:
        """The payload. Raises WireError when a value does not fit its field."""
        text, _, bounds = self.layout()
        values = []
        for name, low, high in bounds:
            value = getattr(self, name)
            if high == -1:
                if len(value) != low:
                    raise WireError("%s.%s has the wrong length" % (self.__class__.__name__, name))
            elif not low <= value <= high:
                raise WireError("%s.%s out of range" % (self.__class__.__name__, name))
            values.append(value)
        return struct.pack(text, *values)

    @classmethod
    def unpack(cls, payload: bytes) -> "Message":
        """The message, or WireError when the length is wrong. Every bit pattern is a value."""
        text, size, _ = cls.layout()
        if len(payload) != size:
            raise WireError("%s takes %d bytes" % (cls.__name__, size))
        return cls(**dict(zip(cls.FIELDS, struct.unpack(text, payload))))
