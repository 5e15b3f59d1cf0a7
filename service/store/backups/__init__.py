"""Whole databases: backed up while the service runs, restored, copied to the other engine.

backup.py       the entry points, for both engines
sqlite_file.py  SQLite: copied in steps, checked, put in place
dump.py         PostgreSQL: by its own pg_dump and pg_restore
inspection.py   what a database contains, and whether processes of the service use it
transfer.py     every table from one engine to the other, proved equal by checksums
"""
