"""The server without its shell: no socket, no clock, no event loop.

Requests and the time go in; replies, and whatever else should be done, come out.
"""
