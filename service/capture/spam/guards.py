"""All guards together: the rules first, then the captcha for what passed them."""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

import structlog

from service import clock
from service.capture.fields.evidence import has_own_sites, is_own_site
from service.capture.spam.captcha import CaptchaClient, CaptchaOutcome, CaptchaResult
from service.capture.spam.rules import DuplicateTexts, RequestContext, judge
from service.forms import Captcha, Form
from service.lead import CAPTCHA_REMARK, Reason, Submission, Suspicion
from service.rate_limit import Counters
from service.store import Store, StoreUnavailable

log = structlog.get_logger()

REPORT_INTERVAL = timedelta(minutes=1)
"""Minimum time between two reports of one form's unchecked captcha, per process."""

_WAITS_FOR_TWIN_S = (0.0, 0.1, 0.3)
_OR_RELEASE = "release it if it is real"


class CaptchaError(Enum):
    """Why a visitor must solve the captcha again, with the sentence shown."""

    CAPTCHA_MISSING = "Please complete the security check, then send it again."
    CAPTCHA_FAILED = "The security check has expired or failed. Please do it once more, then send it again."


@dataclass(frozen=True, slots=True)
class CaptchaPost:
    """How a captcha's token came.

    hosts: of this service, since its own pages may show the widget. can_try_again: a person reads the response.
    """

    token: str
    hosts: Collection[str] = ()
    can_try_again: bool = True


@dataclass(frozen=True, slots=True)
class Judgement:
    """The captcha's result for a Submission: a remark in it, a suspicion, or an error to be corrected."""

    submission: Submission
    suspicion: Suspicion | None = None
    error: CaptchaError | None = None


class Guards:
    """The spam rules, with the memory that one of them needs, and the captchas."""

    def __init__(self, store: Store, texts: Counters, captchas: CaptchaClient | None = None) -> None:
        """texts: counters shared by the web processes."""
        self._duplicates = DuplicateTexts(texts)
        self._captchas = captchas or CaptchaClient()
        self._alerts = CaptchaAlerts(store)

    def judge(self, submission: Submission, form: Form, context: RequestContext, now: datetime) -> Suspicion | None:
        """Apply the rules of the form's route for these answers, and count the text.

        Raises: nothing.
        """
        routed = form.for_answers(submission)
        same_text = self._duplicates.count(submission, routed, now)
        return judge(submission, routed, replace(context, same_text=same_text) if same_text else context)

    def check_captcha(
        self, submission: Submission, form: Form, post: CaptchaPost, came_before: Callable[[], bool], now: datetime
    ) -> Judgement:
        """Check the token where the form has a captcha and the enquiry is not a repeat.

        came_before: whether the Submission is a repeat that says nothing new. Where the provider gives no result, the
        enquiry passes with a remark.
        Raises: StoreUnavailable.
        """
        captcha = form.captcha
        if captcha is None or came_before():
            return Judgement(submission)
        if not post.token:
            return _missing(submission, post)
        result = self._captchas.check(captcha, post.token, _is_own_site(form, post.hosts))
        self._alerts.report(form, result, now, is_circuit_open=self._captchas.is_circuit_open(captcha))
        if result.is_spent and _arrives_soon(came_before):
            return Judgement(submission)
        return _judged(submission, captcha, result, post)


class CaptchaAlerts:
    """Opens an alert for each form whose captcha goes unchecked, and closes it when a check works again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._reported_at: dict[str, datetime | None] = {}  # by form; None: it works

    def report(self, form: Form, result: CaptchaResult, now: datetime, *, is_circuit_open: bool) -> None:
        """Record what one check showed, if it is news. Raises: nothing."""
        is_unchecked = result.outcome is CaptchaOutcome.UNCHECKED
        is_wrong = result.outcome is CaptchaOutcome.MISTAKEN or (is_unchecked and is_circuit_open)
        if is_unchecked or is_wrong:
            log.warning("captcha_unchecked", form=form.name, why=result.why)
        if (is_unchecked and not is_wrong) or not self._is_news(form.name, now, is_wrong):
            return
        cause = f"captcha:{form.name}"
        try:
            if is_wrong:
                self._store.write(lambda tx: tx.alerts.report(cause, _alert_text(form, result), now))
            else:
                self._store.write(lambda tx: tx.alerts.resolve(cause, now))
        except StoreUnavailable:
            log.warning("captcha_alert_not_recorded", form=form.name)

    def _is_news(self, name: str, now: datetime, is_wrong: bool) -> bool:
        with self._lock:
            is_known = name in self._reported_at
            before = self._reported_at.get(name)
            if is_wrong and before is not None and now - before < REPORT_INTERVAL:
                return False
            if not is_wrong and is_known and before is None:
                return False
            # The first success after a start counts too: it may end an alert that the last process opened.
            self._reported_at[name] = now if is_wrong else None
            return True


def _arrives_soon(came_before: Callable[[], bool]) -> bool:
    """Whether another click brought the same: it spent the token, and may be on disk any moment."""
    for wait_s in _WAITS_FOR_TWIN_S:
        clock.sleep(wait_s)
        if came_before():
            return True
    return False


def _missing(submission: Submission, post: CaptchaPost) -> Judgement:
    if post.can_try_again:
        return Judgement(submission, error=CaptchaError.CAPTCHA_MISSING)
    sentence = f"It came without a captcha token, from a page that does not wait for the response: {_OR_RELEASE}."
    return Judgement(submission, Suspicion(Reason.CAPTCHA, sentence))


def _judged(submission: Submission, captcha: Captcha, result: CaptchaResult, post: CaptchaPost) -> Judgement:
    if result.outcome is CaptchaOutcome.FAILED and post.can_try_again:
        return Judgement(submission, error=CaptchaError.CAPTCHA_FAILED)
    noted = replace(submission, extras={**submission.extras, CAPTCHA_REMARK: _remark(captcha, result)})
    if result.outcome is CaptchaOutcome.FAILED:
        return Judgement(noted, Suspicion(Reason.CAPTCHA, f"The captcha was not passed ({result.why}): {_OR_RELEASE}."))
    if result.outcome is CaptchaOutcome.DOUBTED:
        return Judgement(noted, Suspicion(Reason.CAPTCHA, f"The captcha doubts it ({result.why}): {_OR_RELEASE}."))
    return Judgement(noted)


def _remark(captcha: Captcha, result: CaptchaResult) -> str:
    """The captcha's result as operators see it in the lead."""
    if result.outcome is CaptchaOutcome.PASSED:
        return f"{captcha.provider}: passed" + ("" if result.score is None else f", score {result.score:.2g}")
    is_checked = result.outcome in (CaptchaOutcome.FAILED, CaptchaOutcome.DOUBTED)
    return f"{captcha.provider}: {'not passed' if is_checked else 'NOT CHECKED'} ({result.why})"


def _is_own_site(form: Form, hosts: Collection[str]) -> Callable[[str], bool]:
    """Whether the widget may stand on a site: on any, where the operator named none."""
    own = {(host.rpartition(":")[0] or host).lower() for host in hosts}
    return lambda site: not has_own_sites(form) or is_own_site(site, form) or site.lower() in own


def _alert_text(form: Form, result: CaptchaResult) -> str:
    provider = form.captcha.provider if form.captcha else "captcha"
    if result.outcome is CaptchaOutcome.MISTAKEN:
        return (
            f"The captcha of the form {form.name!r} is not checked: {provider} says {result.why!r}. Check that "
            "its `secret` belongs to the site key on the page. Until then enquiries are "
            "accepted unchecked."
        )
    return (
        f"The captcha of the form {form.name!r} is not checked: {provider} does not answer ({result.why}). "
        "Enquiries are accepted unchecked until it does. If this lasts, check that this machine may call it."
    )
