"""Whether two checkouts of qmcu make the same firmware images."""
