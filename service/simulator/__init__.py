"""A Nexudus to practise on: demo, test double and load target.

It knows the documented API and nothing of this service, so that a wrong field name shows.
The way of one call:

    server.py       serve(), and Simulator for tests
    connection.py   bytes off the socket, an answer back, or a cut
    app.py          create_app(): the API, /_sim/ and the board page on one World
    desk.py         one call: note, dawdle, misbehave, let in, pass on
    tokens.py       logins; access.py who may do what; pace.py throttling
    listing.py      lists: filters, pages
    coworkers.py, opportunities.py    what a create checks and sets off; custom_fields.py what else it may want,
                                      custom_values.py what it keeps of them
    world.py        the state behind one lock; seed.py what is in it at first
    control.py      /_sim/: settings.py, faults.py
    board.py        the page at /

State lives in memory and is gone with the process.
"""
