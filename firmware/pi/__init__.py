"""Way b: the device core as a process of its own on the Pi, for units without a microcontroller."""
