"""The set-up in force: the forms file with every check, followed while the service runs, whole versions only.

current.py    the version in force in this process, memory that sibling web processes share, and SIGHUP
versions.py   the set-up in the database: the newest version, unless there is a forms file; earlier.py: any other one
publishing.py publishing a version; differences.py, stages.py: the changed keys, and checks of stages
reading.py    from the bytes of a forms file to a Setup, with the checks that need settings
editing.py    edits of one document as text, which keep comments and order
watcher.py    the thread that looks for a new version, and reports the ones that are refused
"""
