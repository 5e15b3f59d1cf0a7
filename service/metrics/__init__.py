"""What Prometheus reads: counted by the web processes of a host, by the worker, and by the store."""
