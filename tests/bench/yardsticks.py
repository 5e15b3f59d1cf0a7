"""What our figures are held against, under Flask and gunicorn: an answer to nothing, and a row that is kept."""

from flask import Flask, Response, jsonify, request

from tests.bench.rows import keep


def create_noop() -> Flask:
    """Answers at once: what Flask and gunicorn cost by themselves."""
    app = Flask("noop")

    @app.post("/f/contact")
    def post() -> Response:
        request.get_data()
        return jsonify(ok=True)

    return app


def create_minimal() -> Flask:
    """The Flask tutorial's way to keep something. No attribution, no duplicates, no debt to the CRM."""
    app = Flask("minimal")

    @app.post("/f/contact")
    def post() -> Response:
        return jsonify(ok=True, id=keep(request.form))

    return app
