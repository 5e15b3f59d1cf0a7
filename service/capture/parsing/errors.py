"""Requests that cannot become a lead: what to answer a stranger, and nothing more.

Refused
  Unreadable    400  what was sent is broken or no form at all
  Empty         400  a form with nothing in it
  Unsupported   415  a picture, a document: nothing that holds names and values
"""


class InvalidBody(Exception):
    """A body that holds no enquiry. `code` is stable, `sentence` is for the person who sent it."""

    status = 400
    code = "UNREADABLE"
    sentence = "The form could not be read. Please go back and send it again."

    def __init__(self, sentence: str = "") -> None:
        self.sentence = sentence or self.sentence
        super().__init__(self.sentence)


class Unreadable(InvalidBody):
    """Broken JSON, a broken multipart body, or no names and values at all."""


class Empty(InvalidBody):
    """Nothing was filled in."""

    code = "EMPTY"
    sentence = "The form arrived empty. Please fill it in and send it again."


class Unsupported(InvalidBody):
    """A content type that is no form."""

    status = 415
    code = "UNSUPPORTED_TYPE"
    sentence = "This address takes forms, as urlencoded, multipart or JSON."
