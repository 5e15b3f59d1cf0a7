"""Fields that control this service and are not answers: where to go next, honeypots, captcha tokens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from service.capture.parsing.texts import Answer, text_of

_UNTICKED = frozenset(("", "false", "0", "off"))  # of a checkbox as a honeypot, sent by a script
_TOKEN_FIELDS = {
    "turnstile": ("cf-turnstile-response",),
    "hcaptcha": ("h-captcha-response",),
    "recaptcha": ("g-recaptcha-response", "recaptcha_response", "recaptcha_token"),
}
_COMPATIBLE = "g-recaptcha-response"  # which Turnstile and hCaptcha can fill, too


@dataclass(frozen=True, slots=True)
class FormControls:
    """The controls of one post, as posted and unchecked. language: for the pages that the visitor sees next."""

    language: str = ""
    groups: Mapping[str, Sequence[tuple[str, Answer]]] = field(default_factory=dict)

    @property
    def redirect(self) -> str:
        """Where the page wants the visitor to go next, "" for nowhere."""
        return next((text for _, answer in self.groups.get("_redirect", ()) if (text := text_of(answer))), "")

    @property
    def honeypot(self) -> str:
        """Name of the honeypot that was filled in, "" for none."""
        filled = (name for name, answer in self.groups.get("_honeypot", ()) if text_of(answer).lower() not in _UNTICKED)
        return next(filled, "")

    @property
    def captcha(self) -> Mapping[str, str]:
        """Captcha tokens by submitted name, in lower case."""
        tokens = {name.lower(): text_of(answer) for name, answer in self.groups.get("_captcha_token", ())}
        return {name: token for name, token in tokens.items() if token}

    @property
    def dropped(self) -> tuple[str, ...]:
        """Submitted names that are left out of the lead."""
        return tuple(name for group in self.groups.values() for name, _ in group)

    def captcha_token(self, provider: str) -> str:
        """Return the token for "turnstile", "hcaptcha" or "recaptcha", "" for none."""
        tokens = self.captcha
        return next((tokens[name] for name in (*_TOKEN_FIELDS.get(provider, ()), _COMPATIBLE) if name in tokens), "")
