"""MLPerf Tiny's own runner, driving an emulated board through a pseudo-terminal."""
