"""Sentinel support for respool: discovery, failover, replica rotation."""
