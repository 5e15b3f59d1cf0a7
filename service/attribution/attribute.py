"""The walk from evidence to verdict: touch -> Utm values -> channel -> LeadSource."""

from collections.abc import Mapping

from service.attribution.channel import decide_channel
from service.attribution.clues import read_clues
from service.attribution.lead_source import Question, decide_lead_source
from service.attribution.policy import policy_of
from service.attribution.reasons import explain
from service.attribution.touches import pick_touch
from service.forms import Crediting
from service.lead import Attribution, Evidence


def attribute(evidence: Evidence, crediting: Crediting) -> Attribution:
    """Decide where a person came from, as the form's operator wants leads credited.

    Pure and repeatable. Raises: nothing, whatever is inside `evidence` and `crediting`; values of
    a wrong type count as absent. `rule` of the verdict is
    "touch:<current, last, first or none> channel:<rule> lead_source:<rule>".
    """
    policy = policy_of(crediting)
    touch = pick_touch(evidence, policy)
    clues = read_clues(touch)
    channel, channel_rule = decide_channel(clues)
    answers = evidence.fields if isinstance(evidence.fields, Mapping) else {}
    number, number_rule = decide_lead_source(Question(clues, channel, channel_rule, policy, answers))
    return Attribution(
        utm_source=touch.utm.source,
        utm_medium=touch.utm.medium,
        utm_campaign=touch.utm.campaign,
        utm_content=touch.utm.content,
        utm_term=touch.utm.term,
        channel=channel,
        lead_source=number,
        rule=f"touch:{touch.name} channel:{channel_rule.__name__} lead_source:{number_rule.__name__}",
        reason=explain(clues, channel, channel_rule, number_rule),
        click_ids=touch.click_ids,
        codes=tuple(sorted(touch.codes)),
    )
