"""Decoded replies to typed values, a module for each family that has shapes of its own. Pure: no I/O, no client."""
