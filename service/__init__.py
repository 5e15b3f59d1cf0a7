"""Lead Capture for Nexudus: every enquiry becomes the right opportunity, once.

The floor plan, in the order a lead walks it:

    lead.py         the hall: words every room speaks (frozen values, no I/O)
    forms/          the operator's set-up file -> Form
    clock.py        now(), sleep(): nobody else reads the time
    settings/       environment -> one typed Settings, checked at start
    logs.py         log lines: a lead's id, never the person

    capture/        1 ARRIVE    a stranger's request -> Submission -> Receipt
    attribution/    2 CREDIT    where the person came from
    store/          3 KEEP      lead and debt in one commit
    collect/        + COLLECT   leads that a platform only announced, or not even that
    delivery/       4 DELIVER   what to send where, and when to try again
    nexudus/        5 SPEAK     the CRM's URLs, field names, errors

    ledger/         RECONCILE   what came, what Nexudus has, what it became

    watch/          somebody knows: alerts, digest, silence

    chores/         behind everything: words to find leads by, counts by day, erasing what is due

    admin/          the operator's window: the /api/v1 pages over the store
    cli/            the operator's hand: up, migrate, preview, leads ...
    simulator/      a Nexudus to practise on

    bookkeeping.py  the ledger's wiring: who reads which account, in whose turn
    correction.py   what an operator puts right, read as a visitor's answers are
    preview.py      what a submission would become, sending nothing
    report.py       where the leads of a period came from
    web.py          process 1: create_app(settings)
    worker.py       process 2: collect and deliver, until told to stop

The one law: capture and delivery meet only in the store. So do collecting and delivering.
"""
