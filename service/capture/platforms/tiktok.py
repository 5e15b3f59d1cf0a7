"""TikTok's lead generation: the webhook brings the answers; an export brings what it missed."""

from service.capture.enquiries import Enquiry
from service.capture.sender import Table


def read_export(text: str, table: Table) -> tuple[list[Enquiry], int]:
    """Read the CSV of a download task: its enquiries, and how many rows had no lead id and were skipped.

    Raises: nothing.
    """
    return [], 0
