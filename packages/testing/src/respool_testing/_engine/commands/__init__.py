"""The commands, one file per family: each offers its own as `family`."""
