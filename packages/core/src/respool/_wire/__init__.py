"""Bytes: command to bytes, bytes to replies, the handshake as data, the command table. No asyncio."""
