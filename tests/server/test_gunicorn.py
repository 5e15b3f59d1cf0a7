"""What gunicorn does not document and service/server/ builds on: a release that changes it fails here first."""

import inspect
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http import wsgi
from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader, Unreader
from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import PollableMethodQueue, ThreadWorker

from service.server.worker import BufferingWorker
from tests.tables import each_row

OVERRIDDEN = {"__init__", "check_config", "init_process", "accept", "handle", "finish_request", "murder_keepalived"}

SIGNATURES = {
    ThreadWorker.accept: ["self", "listener"],
    ThreadWorker.handle: ["self", "conn"],
    ThreadWorker.finish_request: ["self", "conn", "fs"],
    ThreadWorker.murder_keepalived: ["self", "force"],
    ThreadWorker.handle_request: ["self", "req", "conn"],
    ThreadWorker.handle_exit: ["self", "sig", "frame"],
    ThreadWorker.get_thread_pool: ["self"],
    ThreadWorker.run: ["self"],
    ThreadWorker.wait_for_and_dispatch_events: ["self", "timeout"],
    ThreadWorker.check_config.__func__: ["cls", "cfg", "log"],
    Worker.handle_error: ["self", "req", "client", "addr", "exc"],
    PollableMethodQueue.defer: ["self", "callback", "args"],
    Request.__init__: ["self", "cfg", "unreader", "peer_addr", "req_number"],
    Unreader.chunk: ["self", "size_hint"],
    wsgi.create: ["req", "sock", "client", "server", "cfg", "response_class", "response_args"],
}


@each_row(("function", "parameters"), SIGNATURES.items(), ids=lambda each: getattr(each, "__qualname__", ""))
def test_gunicorn_takes_what_we_give_it(function: Any, parameters: list[str]) -> None:
    assert list(inspect.signature(function).parameters) == parameters


def test_the_worker_replaces_only_what_gunicorn_has() -> None:
    own = set(vars(BufferingWorker))

    assert {name for name in own if hasattr(ThreadWorker, name) and inspect.isroutine(vars(BufferingWorker)[name])} == (
        OVERRIDDEN
    )


@pytest.mark.parametrize("call", ["self.accept", "self.murder_keepalived()", "self.murder_keepalived(force=True)"])
def test_gunicorn_s_loop_still_calls_what_is_replaced(call: str) -> None:
    source = inspect.getsource(ThreadWorker.run) + inspect.getsource(ThreadWorker.set_accept_enabled)

    assert call in source


def test_a_parsed_request_has_the_parts_that_say_how_long_its_body_is() -> None:
    by_length = Request(Config(), IterUnreader([b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n"]), ("192.0.2.1", 1))
    chunked = Request(
        Config(),
        IterUnreader([b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"]),
        ("192.0.2.1", 1),
    )

    assert (type(by_length.body), type(by_length.body.reader), by_length.body.reader.length) == (Body, LengthReader, 5)
    assert type(chunked.body.reader) is ChunkedReader
    assert (by_length._expected_100_continue, chunked._expected_100_continue) == (False, True)
    assert chunked.body.buf.getvalue() == chunked.body.reader.buf.getvalue() == b""
    chunked.force_close()
    assert chunked.should_close()


@pytest.mark.parametrize(("option", "value"), [("certfile", "cert.pem"), ("proxy_protocol", True)])
def test_what_the_loop_does_not_speak_is_refused_at_start(option: str, value: object) -> None:
    cfg = Config()
    cfg.set(option, value)

    with pytest.raises(ValueError, match="plain HTTP/1"):
        BufferingWorker.check_config(cfg, None)
