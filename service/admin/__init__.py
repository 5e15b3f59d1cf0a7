"""The operator's pages and API, and what monitoring reads."""
