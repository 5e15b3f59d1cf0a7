"""Lead Capture for Nexudus: every enquiry becomes the right opportunity, once.

The floor plan, in the order a lead walks it:

    lead.py         the domain: frozen values that every room uses, no I/O
    actors.py       who acts, and what each may do and see
    forms/          the operator's set-up file -> Form
    settings/       environment -> one typed Settings, checked at start
    setup/          the set-up in force: read with every check, followed while the service runs
    rate_limit.py   limits on the calls of one caller
    version.py      the version of the program
    clock.py        now(), sleep(): the only reader of the time
    http.py         one outgoing request with its time limits
    background.py   runs a periodic job in a thread of its own
    logs.py         log lines: a lead's id, never personal data

    capture/        1 RECEIVE    a request -> Submission -> Receipt
    platforms/      + one folder for each ad platform
    attribution/    2 ATTRIBUTE  where the person came from
    store/          3 STORE      lead and queued delivery in one commit
    fetching/       + FETCH      leads that a platform only announced, or failed to announce
    delivery/       4 DELIVER    what to send where, and when to try again
    nexudus/        5 CRM        URLs, field names, errors
    nexudus_accounts.py  which credentials apply, and a client with pace and tokens for each account

    oidc.py         the operator's identity provider, which signs people in
    operations/     what an operator does to leads: retry, release, discard, correct, forget, preview, report

    reconciliation/ leads received compared with opportunities in Nexudus
    conversions.py  sales outcomes of leads, for the ad platforms
    alerts/         problems, silence and new leads, sent to people
    weekly/         last week's figures, by e-mail on Monday morning
    maintenance.py  search index, daily counts, erasure of old personal data

    i18n/           the dashboard's messages in four languages, numbers and dates as each writes them
    admin/          the operator's pages and API
    cli/            the operator's terminal
    simulator/      a Nexudus to practise on
    server/         gunicorn's worker, which waits for slow clients without holding a thread

    metrics/        metrics for Prometheus
    tracing/        joins the log lines and spans of one lead's journey
    edge.py         around the web application: each request's id and set-up, careful headers, counting
    web.py          process 1: create_app(settings)
    worker.py       process 2: fetches and delivers until it is stopped

The one law: capture and delivery meet only in the store. So do fetching and delivery.
"""
