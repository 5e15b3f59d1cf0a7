"""/api/v1, the API for an operator's programs, its description /openapi.json and its documentation /docs."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import flask
from flask import Flask, Response
from flask_smorest import Api, Blueprint
from jinja2 import Environment, PackageLoader

from service.admin import AdminDeps
from service.admin.api import acts, leads, people, reports, setup, tokens
from service.admin.api.access import PROBLEM
from service.admin.api.schemas import ProblemBody
from service.version import VERSION

DESCRIPTION = """The leads of this installation, for programs: list, show, act, preview, report.

Every call carries `Authorization: Bearer` and a key, or ADMIN_TOKEN. Bodies are JSON, instants are ISO 8601 in UTC, and
errors are problem documents (RFC 9457). An unknown filter or member is an error; nothing is ignored silently."""

METHODS = ("get", "post", "put", "patch", "delete")

DOCS_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of /docs, whose styles are in the page."""

UNUSED_SCHEMA = "PaginationMetadata"
"""Name of a schema that flask-smorest adds although no call uses it."""


class ProblemApi(Api):
    """Describes errors as problem documents and every other response as JSON."""

    ERROR_SCHEMA = ProblemBody
    DEFAULT_RESPONSE_CONTENT_TYPE = PROBLEM
    DEFAULT_ERROR_RESPONSE_NAME = None  # every error response is declared by its view

    def __init__(self, app: Flask) -> None:
        """app: gets /openapi.json now, and the routes of each registered blueprint."""
        self._described: Any = None
        self._undescribed: list[Blueprint] = []
        self._describing = threading.RLock()
        super().__init__(app)

    def _init_spec(self, **options: Any) -> None:
        self._spec_options = options

    def register_blueprint(self, blueprint: Blueprint, **options: Any) -> None:
        """Register the routes now and describe them when the description is first read.

        The description takes longer than everything else at the start of an application.
        """
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
        self._app.register_blueprint(blueprint, **options)
        self._undescribed.append(blueprint)

    @property
    def spec(self) -> Any:
        """The APISpec of all blueprints, built when it is first read."""
        with self._describing:
            blueprints, self._undescribed = self._undescribed, []  # describing reads `spec` again
            if self._described is None and self.config is not None:
                super()._init_spec(**self._spec_options)
            for blueprint in blueprints:
                blueprint.register_views_in_doc(self, self._app, self._described, name=blueprint.name, parameters=None)
                self._described.tag({"name": blueprint.name, "description": blueprint.description})
            return self._described

    @spec.setter
    def spec(self, spec: Any) -> None:
        self._described = spec


def register(app: Flask, deps: AdminDeps) -> None:
    """Put /api/v1, /openapi.json and /docs into the app."""
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
    walled, parts = deps.within_walls(), (leads, reports, setup, people, tokens, acts)
    for blueprint in (each for part in parts for each in part.blueprints(walled)):
        api.register_blueprint(blueprint)
    app.register_blueprint(_docs(app, deps.public_url))


def _docs(app: Flask, public_url: str) -> flask.Blueprint:
    """/docs: the description as one page that loads no third-party script."""
    routes = flask.Blueprint("docs", __name__)
    templates = Environment(loader=PackageLoader("service.admin"), autoescape=True, trim_blocks=True)
    templates.filters["pretty"] = partial(json.dumps, indent=2, ensure_ascii=False)

    @routes.get("/docs")
    def show_docs() -> Response:
        spec: dict[str, Any] = app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
        html = templates.get_template("docs.html").render(
            info=spec["info"],
            address=public_url,
            operations=list(_operations(spec)),
            schemas={name: schema for name, schema in spec["components"]["schemas"].items() if name != UNUSED_SCHEMA},
        )
        return Response(html, headers={"Content-Security-Policy": DOCS_POLICY})

    return routes


def _operations(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each call of the API with its path, method and parameters."""
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                parameters = [*item.get("parameters", []), *operation.get("parameters", [])]
                named = [parameter for parameter in parameters if "name" in parameter]
                yield {"path": path, "method": method.upper(), **operation, "parameters": named}
