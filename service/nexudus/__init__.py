"""Speaking to Nexudus: its URLs, field names, envelopes, tokens and errors. It has never heard of a Lead.

errors.py         what a failed call means, named by what to do next
transport.py      one HTTP request: time limits, no retries, no redirects
answers.py        what an answer means: a value, or one of the errors
text.py           strings that fit: into the CRM's fields, and out of its answers
totp.py           the six digits of the second factor
tokens.py         the tokens of one login, and who keeps them
grants.py         asking for tokens: by password, by refresh token
bearer.py         which token to use now; one process exchanges, the others wait
client.py         Nexudus: get, post, records
fields.py         kinds of fields that the bodies are made of
coworkers.py      finding and creating the contact
opportunities.py  creating the opportunity, and looking whether it is there already
pipeline.py       how opportunities stand, many at a time
stage_history.py  when they came into their stages
lead_sources.py   the CRM's list of sources
loss_reasons.py   the CRM's list of why opportunities are lost
boards.py         what a set-up can name: stages, locations, types, owners, countries ...
counts.py         how many opportunities a location holds
custom_fields.py  what an operator made compulsory
roles.py          what the login may do, where the CRM shows it
"""
