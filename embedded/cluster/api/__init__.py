"""The registry over HTTP, as Kubernetes' clients know it. `app.Api` is the ASGI app."""
