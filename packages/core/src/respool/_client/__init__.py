"""What people write against: the client and its pipeline."""
