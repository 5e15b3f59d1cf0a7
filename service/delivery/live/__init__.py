"""Behaviour that only creating records shows: a contact and an opportunity on a test board, examined from all sides.

trial.py         creates the two records, and measures how soon searches show them
observations.py  what the two records show
questions.py     what Nexudus's documents leave open, and what each answer means
"""

from service.delivery.live.questions import QUESTIONS, LiveAnswer, answer_all
from service.delivery.live.trial import Trial, TrialFailed, begin_trial

__all__ = ["QUESTIONS", "LiveAnswer", "Trial", "TrialFailed", "answer_all", "begin_trial"]
