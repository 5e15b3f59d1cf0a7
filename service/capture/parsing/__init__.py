"""A request's bytes decoded into names and values."""
