"""Somebody knows: real alerts to a listener of the test's own."""
