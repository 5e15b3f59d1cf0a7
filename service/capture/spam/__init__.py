"""Guards judge and never discard: what looks like spam is kept, held with one named reason, and can be released.

    judging.py      all rules in their order: a pure decision
    blocking.py     the operator's block list
    links.py        links where none belong, or too many
    repetition.py   the same text from several people
    provider.py     one question to a captcha's provider: the only file of this room that calls out
    verdicts.py     what the provider's answer means
    breaker.py      when it is not asked for a while
    captchas.py     a token checked, whatever happens, within a few seconds
    guards.py       all of it together, for the endpoints

Whoever is suspected is answered like everybody else.
"""

from service.capture.spam.captchas import Captchas
from service.capture.spam.guards import CaptchaPost, Guards, Judgement
from service.capture.spam.judging import RequestContext, judge

__all__ = ["CaptchaPost", "Captchas", "Guards", "Judgement", "RequestContext", "judge"]
