"""The tables of the answer clock, when a person first reacted to each lead, and of owners who take turns."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from service.store.database.columns import UtcDateTime
from service.store.database.tables import metadata, text_column

answer_clocks = Table(
    # How long each lead waits, or waited, for a person. Nothing in it is personal: it outlives the erasure of the lead.
    "answer_clocks",
    metadata,
    Column("lead_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),  # NULL: no answer is due by a certain time
    Column("escalate_at", UtcDateTime),
    text_column("step"),  # time, remind, escalate, settle: to be done at next_at; "": nothing
    Column("next_at", UtcDateTime),
    Column("waiting_since", UtcDateTime),  # started_at while an answer is due and has not come, else NULL
    Column("reminded_at", UtcDateTime),
    Column("escalated_at", UtcDateTime),
    Column("answered_at", UtcDateTime),
    text_column("how"),  # stage, owner, status, called
    Column("working_s", Integer),  # working time until the answer, in seconds
    sqlite_with_rowid=False,
)
Index(
    "ix_answer_clocks_next",
    answer_clocks.c.step,
    answer_clocks.c.form,
    answer_clocks.c.next_at,
    sqlite_where=answer_clocks.c.next_at.is_not(None),
)
Index(
    "ix_answer_clocks_waiting",
    answer_clocks.c.waiting_since,
    answer_clocks.c.due_at,
    sqlite_where=answer_clocks.c.waiting_since.is_not(None),
)

Table(
    # What processes of schema 0027 and before count and read; drop it when no such process can be running.
    "answer_cells",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("block", Text, primary_key=True),  # its `since`
    Column("account", Text, primary_key=True),
    Column("form", Text, primary_key=True),
    Column("owner", Text, primary_key=True),  # the address of whose turn it was; "": nobody's
    Column("leads", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    Column("due", Integer, nullable=False),  # answered, with a target time
    Column("in_time", Integer, nullable=False),
    Column("open", LargeBinary, nullable=False),  # target times of clocks without an answer, packed
    Column("elapsed", LargeBinary, nullable=False),  # times to each answer, packed
    Column("working", LargeBinary, nullable=False),  # the working time in them
    sqlite_with_rowid=False,
)

owner_turns = Table(
    # Whose turn each lead was; written once.
    "owner_turns",
    metadata,
    Column("lead_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("email", Text, nullable=False),  # "": nobody could take it
    Column("user_id", BigInteger),  # in the CRM; NULL: unknown there
    text_column("reason"),
    Column("given_at", UtcDateTime, nullable=False),
)

turn_order = Table(
    # When each person last had a turn, as a number: the person with the smallest is next.
    "turn_order",
    metadata,
    Column("account", Text, primary_key=True),
    Column("email", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
)
