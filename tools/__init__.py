"""What keeps the repository in order: run by nox and by the tests, never shipped."""
