"""Fields that steer this service and are no answers: where to go next, traps, captcha tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.capture.fields.layout import Fields
from service.capture.parsing.texts import text_of

_UNTICKED = frozenset(("false", "0", "off"))  # a trap that is a checkbox, sent by a script
_TOKEN_FIELDS = {
    "turnstile": ("cf-turnstile-response",),
    "hcaptcha": ("h-captcha-response",),
    "recaptcha": ("g-recaptcha-response", "recaptcha_response", "recaptcha_token"),
}
_COMPATIBLE = "g-recaptcha-response"  # Turnstile and hCaptcha widgets fill it, too, where told to


@dataclass(frozen=True, slots=True)
class FormControls:
    """What a form asked of this service. All strings are as posted, unchecked, "" when absent.

    redirect, error_redirect: where to go after success and failure. honeypot: the trap's name where
    it was filled in. captcha: submitted name (lower case) -> token. form_key: another service's
    key of the form. dropped: every submitted name that was left out of the lead.
    """

    redirect: str = ""
    error_redirect: str = ""
    honeypot: str = ""
    captcha: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    subject: str = ""
    form_key: str = ""
    dropped: tuple[str, ...] = ()

    def captcha_token(self, provider: str) -> str:
        """The token for "turnstile", "hcaptcha" or "recaptcha", "" when there is none."""
        names = (*_TOKEN_FIELDS.get(provider, ()), _COMPATIBLE)
        return next((self.captcha[name] for name in names if name in self.captcha), "")


def read_controls(fields: Fields, language: str = "") -> FormControls:
    """Return the Controls among laid-out fields.

    language: what the visitor is spoken to in.
    """
    tokens = {name.lower(): text_of(answer) for name, answer in fields.controls.get("_captcha_token", ())}
    others = {name.lower(): text_of(answer) for name, answer in fields.controls.get("_form_control", ())}
    return FormControls(
        redirect=_first(fields, "_redirect"),
        error_redirect=_first(fields, "_error_redirect"),
        honeypot=_filled_trap(fields),
        captcha={name: token for name, token in tokens.items() if token},
        language=language,
        subject=others.get("_subject", "") or fields.text("subject"),
        form_key=others.get("access_key", "") or others.get("apikey", "") or fields.text("form_name"),
        dropped=tuple(name for named in fields.controls.values() for name, _ in named),
    )


def _filled_trap(fields: Fields) -> str:
    traps = fields.controls.get("_honeypot", ())
    return next((name for name, answer in traps if text_of(answer).lower() not in {"", *_UNTICKED}), "")


def _first(fields: Fields, group: str) -> str:
    return next((text for _, answer in fields.controls.get(group, ()) if (text := text_of(answer))), "")
