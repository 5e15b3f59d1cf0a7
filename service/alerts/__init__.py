"""ALERT: people are notified within minutes of a problem, once, and again when it is over; and of each new lead.

monitor.py         one job of one worker: looks at the store, sends what is due
conditions.py      problems of accounts, calls, leads, the disk, ad platforms and other senders
strangers.py       refused calls of unproven callers
silence.py         a form that used to bring leads and brings none
canary.py          a test lead of our own now and then
decisions.py       conditions become alerts: opened, reworded, resolved; which to send now, in one message

sending.py         alerts and the daily digest to every channel, again after a failure
new_leads.py       messages about each new lead to the people named by its form
lead_notifier.py   how messages about leads are sent, whatever they are about
reminders.py       leads that wait too long for an answer; answer_links.py: "I have called" in messages
lead_messages.py   new leads as text

wording.py         numbers and durations as text; strangers' words, which call nobody and cannot be clicked
channels.py        one message to several channels, with a time limit
channel_tests.py   test messages that the dashboard asks for
apprise_sender.py  the process that loads Apprise, sends and ends
"""
