"""What is told of ad platforms: a broken connection, one that ends soon, leads that nobody reads."""

from datetime import timedelta

from service.capture.accept import announce_all
from service.lead import Contact, Evidence, LeadId, Submission
from service.store import ConnectionKey
from tests.alerts.conftest import Post
from tests.builders import NOON, a_form

META = ConnectionKey("tour", "meta", "104")


def announce(post: Post, *names: str) -> list[LeadId]:
    """Meta has leads for us."""
    form = a_form("tour")
    submissions = [Submission("tour", "meta", Contact(), Evidence(), external_id=name) for name in names]
    receipts = announce_all([(each, META.place) for each in submissions], form, post.store, post.now)
    return [receipt.lead_id for receipt in receipts]


def breaks(post: Post, link: ConnectionKey = META) -> None:
    """A worker found that only a person can help."""
    until = post.now + timedelta(minutes=1)
    post.store.write(lambda tx: tx.platforms.mark_broken(link, "Meta says no. Reconnect.", post.now, until))


def test_a_broken_connection_is_one_alert_with_the_number_of_leads(post: Post) -> None:
    announce(post, "1", "2")
    breaks(post)
    post.look(1)
    announce(post, "3")
    post.look(1)

    (heard,) = post.ear.heard
    assert "an ad platform's connection is broken" in heard["title"]
    assert "Meta says no. Reconnect. 2 leads wait, the oldest for 1 minute." in heard["message"]
    assert "3 leads wait" in post.open[META.cause].sentence


def test_once_it_works_people_are_told_that_it_is_over(post: Post) -> None:
    breaks(post)
    post.look()
    post.store.write(lambda tx: tx.platforms.record_success(META, post.now))
    post.look(1)

    assert post.open == {}
    assert "The connection works again; what waited is read." in post.ear.heard[-1]["message"]


def test_leads_that_nobody_reads_are_told_about_within_five_minutes(post: Post) -> None:
    announce(post, "1")
    post.look(3)
    assert post.open == {}
    post.look(1.5)

    sentence = post.open["stuck:tour:meta"].sentence
    assert "See that a worker runs" in sentence
    assert "1 lead waits, the oldest for 4 minutes." in sentence


def test_those_of_a_broken_connection_are_not_told_of_twice(post: Post) -> None:
    announce(post, "1")
    breaks(post, META.whole)
    post.look(10)

    assert list(post.open) == [META.whole.cause]


def test_a_connection_that_ends_is_told_about_from_day_330_on(post: Post) -> None:
    link = ConnectionKey("tour", "linkedin")
    post.store.write(lambda tx: tx.platforms.set_expiry(link, NOON + timedelta(days=40)))
    post.look()
    assert post.open == {}
    post.look(60 * 24 * 6)

    concern = post.open["platform:tour:linkedin:expires"]
    assert "LinkedIn" in concern.sentence
    assert "ends on 03 January 2027" in concern.sentence
    post.store.write(lambda tx: tx.platforms.set_expiry(link, NOON + timedelta(days=400)))
    post.look(1)
    assert post.open == {}
