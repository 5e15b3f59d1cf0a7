"""/docs: the API's description as one page, from /openapi.json, without anybody else's script."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from flask import Blueprint, Flask
from jinja2 import Environment, PackageLoader

UNUSED = "PaginationMetadata"
"""A shape that flask-smorest always brings along."""

METHODS = ("get", "post", "put", "patch", "delete")


def blueprint(app: Flask, public_url: str = "") -> Blueprint:
    """The page /docs. public_url: where the API is, for its example."""
    routes = Blueprint("docs", __name__)
    pages = Environment(loader=PackageLoader("service.admin"), autoescape=True, trim_blocks=True)
    pages.filters["pretty"] = partial(json.dumps, indent=2, ensure_ascii=False)

    @routes.get("/docs")
    def show() -> str:
        """The page."""
        spec: dict[str, Any] = app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
        return pages.get_template("docs.html").render(
            info=spec["info"],
            address=public_url,
            operations=list(operations(spec)),
            schemas={name: schema for name, schema in spec["components"]["schemas"].items() if name != UNUSED},
        )

    return routes


def operations(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each call of the API: path, method, what it does, parameters, answers."""
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                shared = item.get("parameters", [])
                parameters = [each for each in [*shared, *operation.get("parameters", [])] if "name" in each]
                yield {"path": path, "method": method.upper(), **operation, "parameters": parameters}
