"""What was read, kept until the server says that it has changed: client-side caching with RESP3.

https://redis.io/docs/latest/develop/reference/client-side-caching/
"""
