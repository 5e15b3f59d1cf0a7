"""Sales outcomes for ad platforms: which events are conversions, and which platform may receive them."""
