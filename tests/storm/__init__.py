"""Storms: random histories of one installation, in one process and in simulated time, each replayable by its seed.

simulated_time.py   the true time, and a clock for each host that may be wrong
network.py          calls to Nexudus and Meta without a network, what goes wrong with them, when a process is killed
processes.py        the web process and the workers, wired as in service/, started and killed
installation.py     the database, its backup, the forms file and the processes of one installation
history.py          what happens: drawn from a seed, one action after the other
verdict.py          what became of every lead

What must hold: **nothing is lost**. A lead that was acknowledged becomes an opportunity, or is parked, quarantined or
discarded with its reason; only what arrived after a backup and was not delivered before that was put back is gone with
the database. And **nothing is doubled**: a lead has one opportunity at most, over all accounts, and a person has one
contact at most in each account.

What is assumed of Nexudus, because without it a second opportunity cannot be avoided (there is no idempotency key):

- It carries out a call within NEXUDUS_TIMEOUT_S after the service has stopped waiting for it, whether that was a
  time-out or the end of the worker; after an answer of any kind, such as a web page of something in front of it,
  within four seconds, the shortest wait before the first search.
- A search is truthful: it shows every opportunity that was created before, except that one of the two searches after
  a create of unknown outcome may show nothing. After a restore there is one search only, and it must be truthful.
  Searches for contacts always are.
- It keeps the marker in `SystemId` or in the notes. (Where it keeps neither, a lead is recognised by its contents,
  which can be wrong: see tests/delivery/test_marker_matrix.py.)

What is assumed of the installation:

- A worker that stands still (a frozen machine) for longer than its lease does so while it waits for an answer or
  between two calls, not in the instant between its last look at the lease and the sending of a create.
- The clocks of the workers agree with each other. Those of the web hosts need not agree with them.
- No clock is set while a call is under way whose worker was killed.
- After a restore, neither was an e-mail address corrected since the backup nor is an account taken out of the forms
  file: the contact, or the account, under which a lead was delivered is then unknown.
"""
