"""Where each command goes, and goes next: by its keys, by redirections, to several nodes."""
