"""The commands, a module for each family. Each says what its methods send and the shape of what comes back."""
