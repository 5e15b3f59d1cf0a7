"""What our figures are held against: an endpoint that does nothing, and the simplest one that keeps a lead."""

import os
import sqlite3
import uuid
from contextlib import closing

from flask import Flask, Response, jsonify, request


def create_noop() -> Flask:
    """Answers at once: what Flask and gunicorn cost by themselves."""
    app = Flask("noop")

    @app.post("/f/contact")
    def post() -> Response:
        request.get_data()
        return jsonify(ok=True)

    return app


def create_minimal() -> Flask:
    """The Flask tutorial's way to keep something: a connection a request, one durable INSERT.

    No attribution, no duplicates, no debt to the CRM.
    """
    app = Flask("minimal")
    with closing(_connect()) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS leads (id PRIMARY KEY, email, name, message, body)")

    @app.post("/f/contact")
    def post() -> Response:
        form = request.form
        row = (uuid.uuid4().hex, form.get("email"), form.get("name"), form.get("message"), str(dict(form)))
        with closing(_connect()) as connection, connection:
            connection.execute("INSERT INTO leads VALUES (?, ?, ?, ?, ?)", row)
        return jsonify(ok=True, id=row[0])

    return app


def _connect() -> sqlite3.Connection:
    connection = sqlite3.connect(os.environ["BENCH_DATABASE"], timeout=30)
    connection.execute("PRAGMA synchronous=FULL")
    return connection
