"""What becomes of keys that are moved. Pure; the same for RESP2 and RESP3."""

from __future__ import annotations

from respool._client.replies.basic import text


def migrated(reply: object) -> bool:
    return text(reply) != "NOKEY"
