"""A TOML file of the boards on a shelf in, a lease on one of them out.

`load_shelf` reads which boards there are and how each is reached, flashed and power-cycled;
`lease` waits until a wanted one is free and keeps every other job off it; `hooks` runs the
shelf's commands. A lease ends with its process, however that ends. A `Device` is a firmware on a
leased board: flashed when the board runs another one, power-cycled when it does not answer.
"""

from qmcu.shelf.child import run_group
from qmcu.shelf.description import ShelfBoard, load_shelf, matching
from qmcu.shelf.device import Device
from qmcu.shelf.hooks import environment, flash_board, power_cycle
from qmcu.shelf.lease import Holder, holder_of, is_free, lease, lock_of

__all__ = [
    "Device",
    "Holder",
    "ShelfBoard",
    "environment",
    "flash_board",
    "holder_of",
    "is_free",
    "lease",
    "load_shelf",
    "lock_of",
    "matching",
    "power_cycle",
    "run_group",
]
