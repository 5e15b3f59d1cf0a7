"""Leads that ad platforms only announce, how they are fetched, and how each connection is doing."""
