"""Leads: stored once, changed, exported, erased."""
