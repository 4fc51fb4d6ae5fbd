"""What people write against: the client of a cluster, its pipelines, iterators and cache."""
