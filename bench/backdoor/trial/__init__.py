"""A trial on models that no detector was made with: splits by seed, drawn from a table alone."""
