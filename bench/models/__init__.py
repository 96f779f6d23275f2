"""A folder of other people's models through the whole chain: built, run, compared."""
