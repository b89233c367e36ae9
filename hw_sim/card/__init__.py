"""The simulated SD card: what a process wrote, what is safe, and what a power cut leaves."""
