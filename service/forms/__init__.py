"""The operator's set-up: forms, accounts, routes."""

from service.forms.blocks import Block
from service.forms.conversions import LOST, RECEIVED, WON
from service.forms.file import read_setup
from service.forms.form import Account, Canary, Captcha, ContactRule, Crediting, Destination, Form, Route, Setup
from service.forms.problems import SetupProblems
from service.forms.senders import PLATFORMS

__all__ = [
    "LOST",
    "PLATFORMS",
    "RECEIVED",
    "WON",
    "Account",
    "Block",
    "Canary",
    "Captcha",
    "ContactRule",
    "Crediting",
    "Destination",
    "Form",
    "Route",
    "Setup",
    "SetupProblems",
    "read_setup",
]
