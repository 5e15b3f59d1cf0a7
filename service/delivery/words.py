"""Nexudus's words for what the hall keeps as numbers."""

from service.nexudus.lead_sources import lead_source_name

__all__ = ["lead_source_name"]
