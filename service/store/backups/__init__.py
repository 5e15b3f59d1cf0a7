"""Whole databases: backed up while the service runs, put back, copied to the other engine.

backup.py       what a backup is, for both engines
sqlite_file.py  SQLite: copied in steps, checked, put in place
dump.py         PostgreSQL: by its own pg_dump and pg_restore
inspection.py   what is in a database, and whether processes of the service use it
transfer.py     every table from one engine to the other, proved equal by checksums
"""
