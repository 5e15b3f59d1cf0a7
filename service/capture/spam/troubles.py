"""Somebody must know when a captcha is not checked: one concern for each form, until it is checked again."""

import threading
from datetime import datetime, timedelta

import structlog

from service.capture.spam.verdicts import CaptchaOutcome, CaptchaResult
from service.forms import Form
from service.store import Store, StoreUnavailable

log = structlog.get_logger()

AGAIN = timedelta(minutes=1)
"""A cause is written down once in so long by each process, however many enquiries meet it."""


class CaptchaTroubles:
    """Notices what keeps captchas from being checked, and that it is over."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._noticed: dict[str, datetime | None] = {}  # form -> when; None: it is well

    def report(self, form: Form, verdict: CaptchaResult, now: datetime, *, is_resting: bool) -> None:
        """Write down what one check showed, if that is news; it can only fail to be told."""
        is_wrong = verdict.outcome is CaptchaOutcome.MISTAKEN or (
            verdict.outcome is CaptchaOutcome.UNCHECKED and is_resting
        )
        if verdict.outcome in (CaptchaOutcome.UNCHECKED, CaptchaOutcome.MISTAKEN):
            log.warning("captcha_unchecked", form=form.name, why=verdict.why)
        if (verdict.outcome is CaptchaOutcome.UNCHECKED and not is_wrong) or not self._is_news(
            form.name, now, is_wrong
        ):
            return
        cause = f"captcha:{form.name}"
        try:
            if is_wrong:
                self._store.write(lambda tx: tx.alerts.report(cause, _sentence(form, verdict), now))
            else:
                self._store.write(lambda tx: tx.alerts.resolve(cause, now))
        except StoreUnavailable:
            log.warning("captcha_trouble_not_told", form=form.name)

    def _is_news(self, name: str, now: datetime, is_wrong: bool) -> bool:
        with self._lock:
            known = name in self._noticed
            before = self._noticed.get(name)
            if is_wrong and before is not None and now - before < AGAIN:
                return False
            if not is_wrong and known and before is None:
                return False
            # Also the first success after a start: what the process before noticed may be over.
            self._noticed[name] = now if is_wrong else None
            return True


def _sentence(form: Form, verdict: CaptchaResult) -> str:
    provider = form.captcha.provider if form.captcha else "captcha"
    if verdict.outcome is CaptchaOutcome.MISTAKEN:
        return (
            f"The captcha of the form {form.name!r} is not checked: {provider} says {verdict.why!r}. See that `secret` "
            "in the forms file belongs to the site key on the page. Until then enquiries are taken unchecked."
        )
    return (
        f"The captcha of the form {form.name!r} is not checked: {provider} does not answer ({verdict.why}). "
        "Enquiries are taken unchecked until it does. If it lasts, see that this machine may call it."
    )
