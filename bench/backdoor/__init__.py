"""Attacks, detectors and defences against each other: the matrix of docs/BACKDOORS.md."""
