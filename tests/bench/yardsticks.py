"""Yardsticks for our figures, under Flask and gunicorn: an empty response, and a stored row."""

from flask import Flask, Response, jsonify, request

from tests.bench.rows import keep


def create_noop() -> Flask:
    """An application that answers at once: the cost of Flask and gunicorn alone."""
    app = Flask("noop")

    @app.post("/f/contact")
    def post() -> Response:
        request.get_data()
        return jsonify(ok=True)

    return app


def create_minimal() -> Flask:
    """The Flask tutorial's way to store a row: no attribution, no deduplication, no delivery to the CRM."""
    app = Flask("minimal")

    @app.post("/f/contact")
    def post() -> Response:
        return jsonify(ok=True, id=keep(request.form))

    return app
