"""The delivery queue: enqueued with the lead, claimed with a lease, settled once."""
