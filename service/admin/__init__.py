"""The operator's window: the API over the store, its description, and what machines ask."""
