"""`python -m qmcu`: the same as `qmcu`."""

from qmcu.cli import main

main()
