"""The FastAPI tutorial's way to keep a form post; it runs under uvicorn in an environment of its own (build/bench)."""

from typing import Annotated, Any

from fastapi import FastAPI, Form

from tests.bench.rows import keep

app = FastAPI()


@app.post("/f/contact")  # type: ignore[untyped-decorator]  # FastAPI is not installed where this is checked
def post(
    name: Annotated[str, Form()], email: Annotated[str, Form()], message: Annotated[str, Form()] = ""
) -> dict[str, Any]:
    """A plain function, which FastAPI calls in one of its threads, because the driver blocks."""
    return {"ok": True, "id": keep({"email": email, "name": name, "message": message})}
