"""Who serves which slot: what is known of a cluster, and finding it out. Sends no command of a caller."""
