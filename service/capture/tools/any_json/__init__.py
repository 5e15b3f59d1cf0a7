"""Leads in JSON of any shape: what tools and automations send without a common schema.

posted.py         a body as leads: one, several, wrapped, or in a form's field; whether a call announces any
envelopes.py      takes off what wraps the answers, however deep
levels.py         sorts one object: questions, answers, deeper objects, tags, facts
question_sets.py  recognises questions with their answers in lists, maps and objects
answers.py        one question's answer: names, numbers, dates, files and choices put together
surroundings.py   what stands around the answers: ids, campaign facts, housekeeping
relayed.py        an ad platform's lead that an automation passes on
"""
