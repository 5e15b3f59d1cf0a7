"""A request's bytes decoded into names and values.

bodies.py        recognises the format: urlencoded, multipart, text/plain or JSON
compression.py   gzip and deflate
pairs.py         urlencoded bodies and lines of `name=value`; pairs become answers
multipart.py     multipart/form-data
loose_json.py    JSON as templates and people write it; json_mending.py repairs it
nesting.py       nested values flattened, numbered names made lists
json_values.py   values at a path of untrusted JSON
texts.py         charsets, invisible characters, HTML entities
errors.py        bodies that cannot become a lead
"""
