"""RECONCILE: leads received compared with opportunities in Nexudus and with leads at ad platforms.

job.py             while the service runs: changes every 15 minutes, a comparison every night
comparison.py      one comparison of one account, and the repair of unrecorded deliveries
discrepancies.py   its result: missing and duplicate leads, and what to do; leads that only an ad platform has
matching.py        one page of opportunities: the leads they belong to, and their changes
stages.py          the stages that opportunities entered, from Nexudus's stage history
account_reader.py  reading one account at the pace that its deliveries leave spare
"""
