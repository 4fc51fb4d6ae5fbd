"""The connections to the nodes of a cluster, and the pools that lease them by slot."""
