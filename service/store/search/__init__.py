"""Leads found by words and filters, among a million."""
