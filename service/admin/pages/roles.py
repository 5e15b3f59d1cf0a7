"""Roles in words, and the message for people who may not use a page."""

from service.actors import Actor, Role, Scope
from service.admin.permissions import Permission
from service.i18n import N_, _

ROLE_NAMES = {
    Role.VIEWER: N_("Viewer"),
    Role.AGENT: N_("Agent"),
    Role.EDITOR: N_("Editor"),
    Role.OWNER: N_("Owner"),
}

ROLE_MEANINGS = {
    Role.VIEWER: N_("sees leads and reports"),
    Role.AGENT: N_("also works on leads: sends, releases, discards, corrects and erases them"),
    Role.EDITOR: N_("also sets up forms, connections and costs"),
    Role.OWNER: N_("also manages people and keys, and reads the record of acts"),
}


def missing_permission(actor: Actor, permission: Permission | None) -> str:
    """Return a message that names the role a page needs, and whom to ask for it."""
    if not isinstance(permission, Scope):
        return _("This page cannot be opened.")
    least, own = Role.least_with(permission), max(actor.scopes, key=list(Scope).index, default=None)
    needed = _(ROLE_NAMES[least])
    if own is None:
        return _("This is for the role %(needed)s. An owner can give it to you, on the page People.", needed=needed)
    return _(
        "This is for the role %(needed)s; yours is %(own)s. An owner can give it to you, on the page People.",
        needed=needed,
        own=_(ROLE_NAMES[Role.least_with(own)]),
    )
