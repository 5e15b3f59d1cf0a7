"""All guards together: the rules first, then the captcha, for what still looks like an enquiry."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from service import clock
from service.capture.http.negotiation import has_own_sites, is_own_site
from service.capture.http.rate_limit import Counters
from service.capture.spam.captchas import Captchas
from service.capture.spam.judging import RequestContext, judge
from service.capture.spam.repetition import DuplicateTexts
from service.capture.spam.troubles import CaptchaTroubles
from service.capture.spam.verdicts import CaptchaOutcome, CaptchaResult
from service.forms import Captcha, Form
from service.lead import CAPTCHA_REMARK, Reason, Submission, Suspicion
from service.store import Store

_LOOKS_S = (0.0, 0.1, 0.3)  # only spent tokens are waited for
_RELEASE = "release it if it is real"


class CaptchaError(Enum):
    """Why a person must solve a captcha once more, with what they are told."""

    CAPTCHA_MISSING = "Please complete the security check, then send it again."
    CAPTCHA_FAILED = "The security check has expired or failed. Please do it once more, then send it again."


@dataclass(frozen=True, slots=True)
class CaptchaPost:
    """How a captcha's token came.

    host: this service's own, where its pages may show the widget. can_try_again: somebody reads the answer.
    """

    token: str
    host: str = ""
    can_try_again: bool = True


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a captcha makes of a Submission: it carries the verdict, is suspected, or its sender must try again."""

    submission: Submission
    suspicion: Suspicion | None = None
    refusal: CaptchaError | None = None


class Guards:
    """The rules, with the memory that some of them need, and the captchas."""

    def __init__(self, store: Store, texts: Counters, captchas: Captchas | None = None) -> None:
        """texts: counters that the web processes share."""
        self._store = store
        self._echoes = DuplicateTexts(texts)
        self._captchas = captchas or Captchas()
        self._troubles = CaptchaTroubles(store)

    def judge(self, submission: Submission, form: Form, seen: RequestContext, now: datetime) -> Suspicion | None:
        """Judge by the rules of the form, or of the route of its answers, with what others said today.

        Raises: nothing.
        """
        routed = form.for_answers(submission)
        return judge(submission, routed, replace(seen, same_text=self._echoes.count(submission, routed, now)))

    def check_captcha(
        self, submission: Submission, form: Form, post: CaptchaPost, came_before: Callable[[], bool], now: datetime
    ) -> Judgement:
        """Check the token of a form that has a captcha; an enquiry that came before needs none.

        came_before: whether the Submission is a repeat that says nothing new. Where the provider gives no
        verdict the enquiry passes, and that is noted with it.
        Raises: StoreUnavailable.
        """
        captcha = form.captcha
        if captcha is None or came_before():
            return Judgement(submission)
        if not post.token:
            return _missing(submission, post)
        verdict = self._captchas.check(captcha, post.token, _own_site(form, post.host))
        self._troubles.report(form, verdict, now, is_resting=self._captchas.is_resting(captcha))
        if verdict.is_spent and _comes_at_once(came_before):
            return Judgement(submission)
        return _judged(submission, captcha, verdict, post)


def _comes_at_once(came_before: Callable[[], bool]) -> bool:
    """Whether another click brought the same: it has spent the token, and may be on disk any moment."""
    for wait_s in _LOOKS_S:
        clock.sleep(wait_s)
        if came_before():
            return True
    return False


def _missing(submission: Submission, post: CaptchaPost) -> Judgement:
    if post.can_try_again:
        return Judgement(submission, refusal=CaptchaError.CAPTCHA_MISSING)
    sentence = f"It came without the captcha's token, from a page that does not wait for an answer: {_RELEASE}."
    return Judgement(submission, Suspicion(Reason.CAPTCHA, sentence))


def _judged(submission: Submission, captcha: Captcha, verdict: CaptchaResult, post: CaptchaPost) -> Judgement:
    if verdict.outcome is CaptchaOutcome.FAILED and post.can_try_again:
        return Judgement(submission, refusal=CaptchaError.CAPTCHA_FAILED)
    noted = replace(submission, extras={**submission.extras, CAPTCHA_REMARK: _remark(captcha, verdict)})
    if verdict.outcome is CaptchaOutcome.FAILED:
        return Judgement(noted, Suspicion(Reason.CAPTCHA, f"The captcha was not passed ({verdict.why}): {_RELEASE}."))
    if verdict.outcome is CaptchaOutcome.DOUBTED:
        sentence = f"The captcha doubts it ({verdict.why}): {_RELEASE}."
        return Judgement(noted, Suspicion(Reason.CAPTCHA, sentence))
    return Judgement(noted)


def _remark(captcha: Captcha, verdict: CaptchaResult) -> str:
    """What operators see with the lead."""
    score = "" if verdict.score is None else f", score {verdict.score:.2g}"
    if verdict.outcome is CaptchaOutcome.PASSED:
        return f"{captcha.provider}: passed{score}"
    word = "not passed" if verdict.outcome in (CaptchaOutcome.FAILED, CaptchaOutcome.DOUBTED) else "NOT CHECKED"
    return f"{captcha.provider}: {word} ({verdict.why})"


def _own_site(form: Form, host: str) -> Callable[[str], bool]:
    """Whether a widget may stand on a site: any, where the operator named none."""
    own = host.rpartition(":")[0] or host

    def is_own(site: str) -> bool:
        return not has_own_sites(form) or is_own_site(site, form) or site.lower() == own.lower()

    return is_own
