"""Leads that platforms only announce: read from a stand-in of the platforms that speaks real HTTP."""
