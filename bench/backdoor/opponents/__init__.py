"""Opponents beside the matrix: authors' recipes, ten times the training, ten seeds."""
