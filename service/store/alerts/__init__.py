"""Alerts, and the snapshot of the store that they are judged by."""
