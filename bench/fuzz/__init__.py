"""Mutated input for every reader, and for the firmware's protocols under sanitizers.

`python -m bench.fuzz --minutes 30` (`make fuzz MINUTES=30`). Nothing is kept but seeds: inputs are
made by makers and mutated, and a failure is told with the seed that makes it again.
"""
