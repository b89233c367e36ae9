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
    FIELDS: tuple[str, ...] = ()
    SIZES: tuple[int, ...] = ()  # lengths of the "s" fields, in order

    def __init__(self, **values: "int | bytes") -> None:
        for name in self.FIELDS:
            if name not in values:
                raise WireError("%s misses %s" % (self.__class__.__name__, name))
            setattr(self, name, values[name])
        if len(values) != len(self.FIELDS):
            raise WireError("%s has unknown fields" % self.__class__.__name__)

    @classmethod
    def format(cls) -> str:
        out = "<"
        sizes = list(cls.SIZES)
        for code in cls.CODES:
            out += ("%ds" % sizes.pop(0)) if code == "s" else code
        return out

    @classmethod
    def size(cls) -> int:
        return struct.calcsize(cls.format())

    def pack(self) -> bytes:
        values = []
        sizes = list(self.SIZES)
        for code, name in zip(self.CODES, self.FIELDS):
            value = getattr(self, name)
            if code == "s":
                if len(value) != sizes.pop(0):
                    raise WireError("%s.%s has the wrong length" % (self.__class__.__name__, name))
            else:
                low, high = _RANGES[code]
                if not low <= value <= high:
                    raise WireError("%s.%s out of range" % (self.__class__.__name__, name))
            values.append(value)
        return struct.pack(self.format(), *values)

    @classmethod
    def unpack(cls, payload: bytes) -> "Message":
        if len(payload) != cls.size():
            raise WireError("%s takes %d bytes" % (cls.__name__, cls.size()))
        message = cls.__new__(cls)
        for name, value in zip(cls.FIELDS, struct.unpack(cls.format(), payload)):
            setattr(message, name, value)
        return message
