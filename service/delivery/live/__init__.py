"""What only making a record answers: one contact and one opportunity on a test board, looked at from all sides.

trial.py         makes the two records, and measures how soon a search sees them
observations.py  what the two records show
questions.py     what Nexudus's documents leave open, and what each answer means
"""

from service.delivery.live.questions import QUESTIONS, LiveAnswer, answer_all
from service.delivery.live.trial import Trial, TrialFailed, begin_trial

__all__ = ["QUESTIONS", "LiveAnswer", "Trial", "TrialFailed", "answer_all", "begin_trial"]
