"""The benchmark suite: chub beside ctr and docker. ``python -m tests.bench --help``."""
