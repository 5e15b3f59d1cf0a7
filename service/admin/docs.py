"""/docs: the API's description as one page, from /openapi.json, without anybody else's script."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Flask
from jinja2 import Environment, PackageLoader

METHODS = ("get", "post", "put", "patch", "delete")


def blueprint(app: Flask) -> Blueprint:
    """The page /docs."""
    routes = Blueprint("docs", __name__)
    template = Environment(loader=PackageLoader("service.admin"), autoescape=True).get_template("docs.html")

    @routes.get("/docs")
    def show() -> str:
        """The page."""
        spec: dict[str, Any] = app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
        return template.render(
            info=spec["info"], operations=list(operations(spec)), schemas=spec["components"]["schemas"]
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
