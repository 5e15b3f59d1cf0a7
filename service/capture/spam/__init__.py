"""Spam protection: a suspicious enquiry is quarantined with one named reason, never discarded, and can be released.

    rules.py     the rules in their order, and how many people sent the same text today
    captcha.py   asks a captcha provider, within a few seconds; the only file of capture that calls out
    guards.py    all of it together, for the endpoints

A suspicious sender gets the same response as any other.
"""

from service.capture.spam.guards import CaptchaPost, Guards, Judgement
from service.capture.spam.rules import RequestContext, judge

__all__ = ["CaptchaPost", "Guards", "Judgement", "RequestContext", "judge"]
