"""The web server under the application: gunicorn's threads, and a loop that waits for slow clients in their place."""
