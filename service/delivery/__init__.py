"""DELIVER: what to send where, and when to try again."""
