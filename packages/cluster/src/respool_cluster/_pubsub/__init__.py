"""Subscriptions of a cluster: where each is listened to, and following it there."""
