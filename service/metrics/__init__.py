"""The metrics for Prometheus: counted by the web processes of a host, by the worker, and in the store."""
