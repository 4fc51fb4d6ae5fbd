"""Which version of this distribution speaks: what servers are told of their clients.

Written down, and held by a test against what is installed: to look it up takes twenty milliseconds.
"""

from __future__ import annotations

VERSION = "0.1.0"
