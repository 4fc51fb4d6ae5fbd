"""Cluster support for respool: slot routing, redirections, failover."""
