"""The operator's set-up: forms, accounts, routes."""

from service.forms.amounts import AmountTable, AnswerAmount, AnswerDate
from service.forms.blocks import Block
from service.forms.brand import Brand
from service.forms.crm import LOST, RECEIVED, STAGE, WON, key_of_stage
from service.forms.file import read_setup
from service.forms.form import (
    DEFAULT_ACCOUNT,
    Account,
    AttributionConfig,
    Canary,
    Captcha,
    ContactRule,
    Destination,
    Form,
    Route,
    Setup,
)
from service.forms.problems import PlacedProblem, SetupProblems
from service.forms.questions import Choice, Question, Words
from service.forms.working_hours import AnswerRule, DaySet, WorkingHours

__all__ = [
    "DEFAULT_ACCOUNT",
    "LOST",
    "RECEIVED",
    "STAGE",
    "WON",
    "Account",
    "AmountTable",
    "AnswerAmount",
    "AnswerDate",
    "AnswerRule",
    "AttributionConfig",
    "Block",
    "Brand",
    "Canary",
    "Captcha",
    "Choice",
    "ContactRule",
    "DaySet",
    "Destination",
    "Form",
    "PlacedProblem",
    "Question",
    "Route",
    "Setup",
    "SetupProblems",
    "Words",
    "WorkingHours",
    "key_of_stage",
    "read_setup",
]
