"""Virtual time and a network in memory. Knows nothing of Redis: what runs on it is asyncio code of any kind."""
