"""The simulator as a Flask application: the API, the control calls and the board page over one World."""

from flask import Flask, Request, Response, request

from service.simulator.board import create_board
from service.simulator.control import create_control
from service.simulator.desk import answer
from service.simulator.exchange import Call
from service.simulator.world import World

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]


def create_app(world: World | None = None) -> Flask:
    """A simulator on `world`, or on a new one. Each application is its own: there are no globals."""
    world = world or World()
    app = Flask(__name__, static_url_path="/_sim/static")
    app.config["PROPAGATE_EXCEPTIONS"] = True  # a Cut must reach the connection
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it

    @app.route("/api/<path:rest>", methods=METHODS, provide_automatic_options=False)
    def api(rest: str) -> Response:  # noqa: ARG001 - the whole path is read from the request
        said = answer(world, _read_call(request))
        response = Response(said.body, said.status, said.headers, content_type=said.content_type)
        if said.reason:
            response.status = f"{said.status} {said.reason}"
        return response

    app.register_blueprint(create_control(world))
    app.register_blueprint(create_board(world))
    return app


def _read_call(incoming: Request) -> Call:
    return Call(
        method=incoming.method,
        path=incoming.path,
        query=tuple(incoming.args.items(multi=True)),
        authorization=incoming.headers.get("Authorization", ""),
        client_id=incoming.headers.get("client_id", ""),
        content_type=incoming.mimetype,
        body=_read_body(incoming),
    )


def _read_body(incoming: Request) -> object:
    if incoming.mimetype == "application/x-www-form-urlencoded":
        return incoming.form.to_dict()
    return incoming.get_json(force=True, silent=True) if incoming.content_length else None
