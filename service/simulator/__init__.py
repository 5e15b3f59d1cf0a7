"""A Nexudus to practise on: demo, test double and load target.

It knows the documented API and nothing of this service, so that a wrong field name shows. The way of one call:

    server.py          serve(), and Simulator for tests; sockets that can be cut
    app.py             create_app(), and one call: log, delay, fault, sign-in, answer
    authentication.py  tokens, logins and roles
    entities.py        kinds of records, their addresses and filters, enumerations.json
    listing.py         lists: filters, pages
    coworkers.py       creating customers
    opportunities.py   creating opportunities, and the actions of stages
    custom_fields.py   fields that an operator added, and their values
    checks.py          checks of values in a body
    exchange.py        calls, responses and times on the wire
    world.py           the state behind one lock
    seed.py            the operator, and the countries and time zones, at first
    control.py         /_sim/: state, changes by people
    settings.py        /_sim/settings; limits of calls
    faults.py          /_sim/faults
    board.py           the page at /

The state lives in memory and is lost with the process.
"""
