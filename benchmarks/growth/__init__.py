"""How cost grows with size: requests in flight, connections in a pool, tasks that wait for one. Flat is the aim."""
