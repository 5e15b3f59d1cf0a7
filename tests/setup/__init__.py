"""The set-up in force, and how a change of it is taken up."""
