"""The readers that `make fuzz` gives mutated bytes to, over their seeds: a search that begins with a failure finds
nothing else."""

import pytest

from tests.fuzz.__main__ import SHARES
from tests.fuzz.readers import READERS, PromiseBroken, _check_nothing_lost, _check_storable
from tests.tables import each_row


@each_row("name", READERS)
def test_every_seed_is_read(name: str) -> None:
    for sent in READERS[name].seeds():
        READERS[name].run(sent)


def test_every_reader_has_its_share_of_the_time() -> None:
    assert SHARES.keys() == READERS.keys()


@pytest.mark.parametrize("text", ["a\0", "\ud800", "ü\udfff"])
def test_a_text_that_a_database_refuses_would_be_noticed(text: str) -> None:
    with pytest.raises(PromiseBroken):
        _check_storable({"fields": {"message": [text]}})


def test_an_answer_that_is_lost_would_be_noticed() -> None:
    _check_nothing_lost(["Two desks"], {"message": "two, desks: Two  desks"})

    with pytest.raises(PromiseBroken):
        _check_nothing_lost(["Two desks"], {"message": "two", "desks": ""})
