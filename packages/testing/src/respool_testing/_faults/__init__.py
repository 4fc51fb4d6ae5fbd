"""Faults as data: whom they mean, when they strike, what they do. Decides; `_connection` acts."""
