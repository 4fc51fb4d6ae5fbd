"""Measure respool beside its peers, on one real server, in one run; its hot parts alone; and how its cost grows."""
