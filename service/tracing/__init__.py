"""Links one lead's journey: ids in its log lines and, if configured, spans and error reports."""
