"""The HTTP side of capture: forms of browsers at /f/<form>, webhooks at /webhooks/<sender>/<form>."""
