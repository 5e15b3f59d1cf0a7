"""The current trace of this thread, for its log lines, its spans, and the lead that it stores."""

from contextvars import ContextVar

from service.lead import NO_TRACE, TraceContext

CURRENT: ContextVar[TraceContext] = ContextVar("trace", default=NO_TRACE)
