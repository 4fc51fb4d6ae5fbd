"""Measure respool beside its peers, on one real server, in one run."""
