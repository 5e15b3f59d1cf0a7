"""A request's bytes decoded into names and values.

bodies.py        recognises the format: urlencoded, multipart, text/plain or JSON; gzip and deflate
pairs.py         urlencoded bodies and lines of `name=value`; pairs become answers
multipart.py     multipart/form-data
loose_json.py    JSON as templates and people write it; json_mending.py repairs it
nesting.py       nested values flattened, numbered names made lists
json_values.py   values at a path of untrusted JSON
texts.py         charsets, invisible characters, HTML entities

Bodies that cannot become a lead, with the answer to the sender:

InvalidBody
  Unreadable    400  broken, or not a form
  Empty         400  a form with nothing in it
  Unsupported   415  a picture or document, which has no names and values
"""


class InvalidBody(Exception):
    """A body without an enquiry. `code` is stable, `sentence` is for the person who sent it."""

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
    """A content type that is not a form's."""

    status = 415
    code = "UNSUPPORTED_TYPE"
    sentence = "This address accepts forms, as urlencoded, multipart or JSON."
