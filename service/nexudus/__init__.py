"""Speaking to Nexudus: its URLs, field names, envelopes, tokens and errors. It knows nothing of leads.

errors.py          errors of calls, named by what to do next
transport.py       one HTTP request, and what its response means: a value, or one of the errors
values.py          values of records, texts cut to fit, lead sources and loss reasons
tokens.py          the login, its tokens and where they are stored
authentication.py  asking for tokens; one process exchanges them, the others wait
client.py          Nexudus: get, post, one, page, records
fields.py          kinds of fields in the bodies
coworkers.py       finding and creating the contact
opportunities.py   creating and counting opportunities
markers.py         finding an existing opportunity by its marker or its content
pipeline.py        opportunities as they stand, and when they entered their stages, many at a time
boards.py          boards, and stages with their actions
directory.py       locations, users and roles, teams, countries, time zones, opportunity types
custom_fields.py   fields that an operator added, and required
"""
