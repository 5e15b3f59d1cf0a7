"""What joins one lead's journey: ids in its log lines; where they are set, spans and error reports."""
