# The one file that knows which Python runs it. On MicroPython const() folds to a literal; on
# CPython it returns its argument.
try:
    from micropython import const
except ImportError:

    def const(value: int) -> int:
        """Return value unchanged."""
        return value
