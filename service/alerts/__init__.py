"""Somebody knows: what goes wrong is noticed within minutes, told to people once, and told again when it is over.

watcher.py    one thread of a worker: looks, tells, sleeps; one worker at a time does it

findings.py   what is wrong, from one look at the store
notebook.py   what was found, kept as concerns: begun, put in newer words, ended
silence.py    a form that used to bring leads and brings none
refused.py    a sender that used to bring leads and whose calls are refused
canary.py     a lead of our own on its way, now and then

alerts.py     which concerns to tell now, in one message
digest.py     once a day: what came and what became of it
arrivals.py   one thread beside it: each new lead is told to those whom its form names
recipients.py those of one form: which leads they are told of now, and what a channel missed
news.py       new leads in words

words.py      numbers and spans of time as people say them

channels.py   messages out, each channel by itself, with time limits
sender.py     the process that loads Apprise, sends and ends
"""
