"""Names and values given their meaning: the contact, the evidence, and what a form requires.

reading.py         one request of a browser, from bytes to a validated Submission, with its form controls
submissions.py     Submissions from the items of a webhook call; enquiries.py has the items
layout.py          answers sorted by meaning
names.py           the meaning of a field's name; labels.py takes names apart, with aliases.json and owners.json
claims.py          which of several answers counts; names in parts
guesses.py         answers recognised by their form
question_checks.py the answers to a form's own questions, consents among them
contact.py         addresses and names; phones.py has numbers
evidence.py        how the person came; the sites of a form
"""
