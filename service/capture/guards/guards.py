"""All guards together: the rules first, then the captcha, for what still looks like an enquiry."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from service import clock
from service.capture.answers import has_own_sites, is_own_site
from service.capture.guards.captchas import Captchas
from service.capture.guards.judging import Circumstances, judge
from service.capture.guards.repetition import Echoes
from service.capture.guards.troubles import Troubles
from service.capture.guards.verdicts import Outcome, Verdict
from service.capture.limits import Counters
from service.forms import Captcha, Form
from service.lead import CAPTCHA_REMARK, Reason, Submission, Suspicion
from service.store import Store

_LOOKS_S = (0.0, 0.1, 0.3)  # only spent tokens are waited for
_RELEASE = "release it if it is real"


class Refusal(Enum):
    """Why a person must solve a captcha once more, with what they are told."""

    CAPTCHA_MISSING = "Please complete the security check, then send it again."
    CAPTCHA_FAILED = "The security check has expired or failed. Please do it once more, then send it again."


@dataclass(frozen=True, slots=True)
class Post:
    """How a captcha's token came.

    host: this service's own, where its pages may show the widget. can_try_again: somebody reads the answer.
    """

    token: str
    host: str = ""
    can_try_again: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    """What a captcha makes of a Submission: it carries the verdict, is suspected, or its sender must try again."""

    submission: Submission
    suspicion: Suspicion | None = None
    refusal: Refusal | None = None


class Guards:
    """The rules, with the memory that some of them need, and the captchas."""

    def __init__(self, store: Store, texts: Counters, captchas: Captchas | None = None) -> None:
        """texts: counters that the web processes share."""
        self._store = store
        self._echoes = Echoes(texts)
        self._captchas = captchas or Captchas()
        self._troubles = Troubles(store)

    def judge(self, submission: Submission, form: Form, seen: Circumstances, now: datetime) -> Suspicion | None:
        """Judge by the rules of the form, or of the route of its answers, with what others said today.

        Raises: nothing.
        """
        routed = form.for_answers(submission)
        return judge(submission, routed, replace(seen, same_text=self._echoes.count(submission, routed, now)))

    def check_captcha(
        self, submission: Submission, form: Form, post: Post, came_before: Callable[[], bool], now: datetime
    ) -> Checked:
        """Check the token of a form that has a captcha; an enquiry that came before needs none.

        came_before: whether the Submission is a repeat that says nothing new. Where the provider gives no
        verdict the enquiry passes, and that is noted with it.
        Raises: StoreUnavailable.
        """
        captcha = form.captcha
        if captcha is None or came_before():
            return Checked(submission)
        if not post.token:
            return _missing(submission, post)
        verdict = self._captchas.check(captcha, post.token, _own_site(form, post.host))
        self._troubles.report(form, verdict, now, is_resting=self._captchas.is_resting(captcha))
        if verdict.is_spent and _comes_at_once(came_before):
            return Checked(submission)
        return _judged(submission, captcha, verdict, post)


def _comes_at_once(came_before: Callable[[], bool]) -> bool:
    """Whether another click brought the same: it has spent the token, and may be on disk any moment."""
    for wait_s in _LOOKS_S:
        clock.sleep(wait_s)
        if came_before():
            return True
    return False


def _missing(submission: Submission, post: Post) -> Checked:
    if post.can_try_again:
        return Checked(submission, refusal=Refusal.CAPTCHA_MISSING)
    sentence = f"It came without the captcha's token, from a page that does not wait for an answer: {_RELEASE}."
    return Checked(submission, Suspicion(Reason.CAPTCHA, sentence))


def _judged(submission: Submission, captcha: Captcha, verdict: Verdict, post: Post) -> Checked:
    if verdict.outcome is Outcome.FAILED and post.can_try_again:
        return Checked(submission, refusal=Refusal.CAPTCHA_FAILED)
    noted = replace(submission, extras={**submission.extras, CAPTCHA_REMARK: _remark(captcha, verdict)})
    if verdict.outcome is Outcome.FAILED:
        return Checked(noted, Suspicion(Reason.CAPTCHA, f"The captcha was not passed ({verdict.why}): {_RELEASE}."))
    if verdict.outcome is Outcome.DOUBTED:
        sentence = f"The captcha doubts it ({verdict.why}): {_RELEASE}."
        return Checked(noted, Suspicion(Reason.CAPTCHA, sentence))
    return Checked(noted)


def _remark(captcha: Captcha, verdict: Verdict) -> str:
    """What operators see with the lead."""
    score = "" if verdict.score is None else f", score {verdict.score:.2g}"
    if verdict.outcome is Outcome.PASSED:
        return f"{captcha.provider}: passed{score}"
    word = "not passed" if verdict.outcome in (Outcome.FAILED, Outcome.DOUBTED) else "NOT CHECKED"
    return f"{captcha.provider}: {word} ({verdict.why})"


def _own_site(form: Form, host: str) -> Callable[[str], bool]:
    """Whether a widget may stand on a site: any, where the operator named none."""
    own = host.rpartition(":")[0] or host

    def is_own(site: str) -> bool:
        return not has_own_sites(form) or is_own_site(site, form) or site.lower() == own.lower()

    return is_own
