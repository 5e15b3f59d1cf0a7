"""/api/v1: what an operator's programs ask. Every call needs the ADMIN_TOKEN."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask_smorest import Api, Blueprint

from service.admin.api import house, leads, people, previews, reports
from service.admin.api.access import PROBLEM
from service.admin.api.schemas.base import ProblemBody
from service.forms import Form
from service.store import Alert, Store
from service.version import VERSION

Preview = Callable[[str, Mapping[str, Any]], dict[str, Any] | None]
"""Form name and a PreviewRequest -> a PreviewBody, or None for an unknown form."""

Report = Callable[[Mapping[str, Any]], dict[str, Any]]
"""A ReportQuery -> an AttributionReport."""

DESCRIPTION = """What happens to the leads of this house, for programs: list, look, act, ask, count.

Every call brings `Authorization: Bearer ADMIN_TOKEN`. Bodies are JSON, instants ISO 8601 in UTC, errors problem
documents (RFC 9457). A filter or member that is not known here is an error, never ignored."""


def _kind(concern: Alert) -> str:
    return concern.kind


@dataclass(frozen=True, slots=True)
class Asked:
    """What the API asks of other rooms. title_of: what a concern is called."""

    preview: Preview
    report: Report
    forms: Mapping[str, Form] = field(default_factory=dict)
    public_url: str = ""
    title_of: Callable[[Alert], str] = _kind


class ProblemApi(Api):
    """Describes errors as what they are: problem documents. Every other answer says that it is JSON."""

    ERROR_SCHEMA = ProblemBody
    DEFAULT_RESPONSE_CONTENT_TYPE = PROBLEM
    DEFAULT_ERROR_RESPONSE_NAME = None  # every answer is named: one that is not is a mistake

    def __init__(self, app: Flask) -> None:
        """app: gets /openapi.json at once, and the routes of each blueprint that is registered."""
        self._described: Any = None
        self._undescribed: list[Blueprint] = []
        self._describing = threading.RLock()
        super().__init__(app)

    def _init_spec(self, **options: Any) -> None:
        self._spec_options = options

    def register_blueprint(self, blueprint: Blueprint, **options: Any) -> None:
        """Register the routes now, and describe them when the description is first read.

        The description takes longer than all else that an application does when it starts.
        """
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
        self._app.register_blueprint(blueprint, **options)
        self._undescribed.append(blueprint)

    @property
    def spec(self) -> Any:
        """The APISpec of all blueprints, made when it is first read."""
        with self._describing:
            blueprints, self._undescribed = self._undescribed, []  # what follows reads `spec` itself
            if self._described is None and self.config is not None:
                super()._init_spec(**self._spec_options)
            for blueprint in blueprints:
                blueprint.register_views_in_doc(self, self._app, self._described, name=blueprint.name, parameters=None)
                self._described.tag({"name": blueprint.name, "description": blueprint.description})
            return self._described

    @spec.setter
    def spec(self, spec: Any) -> None:
        self._described = spec


def register(app: Flask, store: Store, token: str, asked: Asked) -> None:
    """Put /api/v1 and /openapi.json into the app."""
    app.config.update(
        API_TITLE="Lead Capture for Nexudus",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": DESCRIPTION},
            "components": {"securitySchemes": {"adminToken": {"type": "http", "scheme": "bearer"}}},
            "security": [{"adminToken": []}],
        },
    )
    api = ProblemApi(app)
    api.register_blueprint(leads.blueprint(store, token, asked.forms))
    api.register_blueprint(people.blueprint(store, token))
    api.register_blueprint(previews.blueprint(asked.preview, token))
    api.register_blueprint(reports.blueprint(asked.report, token))
    api.register_blueprint(house.blueprint(store, token, asked.forms, asked.public_url, asked.title_of))
