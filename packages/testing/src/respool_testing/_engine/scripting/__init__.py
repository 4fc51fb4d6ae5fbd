"""Lua on the server: what a script may see, do and say. Only `interpreter` knows by which library it runs."""
