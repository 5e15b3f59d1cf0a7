"""Engines, transactions, tables and migrations: everything that knows SQLite or PostgreSQL."""
