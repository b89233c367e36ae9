"""Plays a black box's recording back through the real product and compares what it does."""
