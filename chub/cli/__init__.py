"""The command line: reads flags, calls the SDK, shows."""
