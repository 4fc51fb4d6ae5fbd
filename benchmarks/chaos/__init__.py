"""Real deployments with something wrong: what callers notice. `nox -s chaos`, or `python -m benchmarks.chaos`."""
