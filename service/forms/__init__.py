"""The operator's set-up: forms, accounts, routes."""

from service.forms.form import Account, Captcha, ContactRule, Crediting, Destination, Form, Route, Setup

__all__ = ["Account", "Captcha", "ContactRule", "Crediting", "Destination", "Form", "Route", "Setup"]
