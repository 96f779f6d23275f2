"""The backdoor lab: triggers, attacks, defences and detectors in, metrics and a verdict out.

Attacks make models whose backdoor wakes up only in int8, so that defences and detectors have a
real opponent; every claim ends on the integers of a device.
"""
