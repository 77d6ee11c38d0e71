"""Acts in the audit trail in plain words: who, what, on what, and what it was before and after."""

import json
import re
from typing import Any, Final

from flask_babel import lazy_gettext

from support.audit_chain import Break

from .i18n import gettext as _
from .i18n import moment
from .wording import ROLES

ACTS: Final = {
    "agent.added": lazy_gettext("Added a person"),
    "agent.changed": lazy_gettext("Changed a name or role"),
    "agent.disabled": lazy_gettext("Shut a person out"),
    "agent.enabled": lazy_gettext("Let a person in again"),
    "agent.invitation_revoked": lazy_gettext("Revoked an invitation"),
    "agent.invited": lazy_gettext("Invited somebody"),
    "agent.joined": lazy_gettext("Joined by an invitation"),
    "agent.password_link": lazy_gettext("Made a link for a new password"),
    "agent.password_refused": lazy_gettext("A wrong password was typed"),
    "agent.password_set": lazy_gettext("Set a password"),
    "agent.recovery_code_used": lazy_gettext("Used a recovery code"),
    "agent.recovery_codes_renewed": lazy_gettext("Made new recovery codes"),
    "agent.second_factor_off": lazy_gettext("Switched a second factor off"),
    "agent.second_factor_on": lazy_gettext("Switched a second factor on"),
    "aliases.imported": lazy_gettext("Imported other names of FAQs"),
    "answer.arrived": lazy_gettext("Heard that an answer arrived after all"),
    "answer.given_up": lazy_gettext("Gave up an answer that was not delivered"),
    "answer.not_delivered": lazy_gettext("An answer was not delivered"),
    "answer.sent": lazy_gettext("Sent an answer"),
    "answer.tried_again": lazy_gettext("Let an answer be delivered again"),
    "answers.exported": lazy_gettext("Exported answers"),
    "appeal.filed": lazy_gettext("Filed an appeal"),
    "appeal.overturned": lazy_gettext("Granted an appeal"),
    "appeal.reopened": lazy_gettext("Reopened an appeal"),
    "appeal.upheld": lazy_gettext("Rejected an appeal"),
    "attachment.opened": lazy_gettext("Opened a customer's file"),
    "audit.accepted": lazy_gettext("Answered for acts that are missing at the trail's end"),
    "audit.exported": lazy_gettext("Exported the audit trail"),
    "audit.verified": lazy_gettext("Checked the whole audit trail"),
    "backup.made": lazy_gettext("Made a backup"),
    "batch.added": lazy_gettext("Added a batch of listings"),
    "batch.deleted": lazy_gettext("Deleted a batch of listings"),
    "connection.changed": lazy_gettext("Changed a connection"),
    "connection.ended": lazy_gettext("Ended a connection"),
    "connection.made": lazy_gettext("Made a connection"),
    "connection.off": lazy_gettext("Switched a connection off"),
    "connection.on": lazy_gettext("Switched a connection on"),
    "customer.forgotten": lazy_gettext("Forgot a person"),
    "desk.confirmed": lazy_gettext("Said that a restored desk is the one at work"),
    "desk.restored": lazy_gettext("Brought the desk back from a backup"),
    "faq.change_undone": lazy_gettext("Took a change of an FAQ back"),
    "faq.created": lazy_gettext("Made an FAQ"),
    "faq.edited": lazy_gettext("Edited an FAQ"),
    "faq.imported": lazy_gettext("Changed FAQs from a table"),
    "faq.labelled": lazy_gettext("Linked inquiries to an FAQ"),
    "faq.merged": lazy_gettext("Merged two FAQs"),
    "faq.renamed": lazy_gettext("Renamed an FAQ"),
    "faq.restored": lazy_gettext("Restored an FAQ"),
    "faq.retired": lazy_gettext("Retired an FAQ"),
    "faqs.imported": lazy_gettext("Imported FAQs"),
    "feedback.exported": lazy_gettext("Exported what became of suggestions"),
    "finding.brought_back": lazy_gettext("Brought a finding back"),
    "finding.set_aside": lazy_gettext("Set a finding aside"),
    "gap.closed": lazy_gettext("Closed a gap with an FAQ"),
    "gap.dismissed": lazy_gettext("Dismissed a gap"),
    "gap.reopened": lazy_gettext("Reopened a gap"),
    "group.confirmed": lazy_gettext("Confirmed a group of listings"),
    "group.unconfirmed": lazy_gettext("Took a confirmed group back"),
    "import.done": lazy_gettext("Imported inquiries"),
    "import.undone": lazy_gettext("Took an import back"),
    "inquiries.exported": lazy_gettext("Exported inquiries from the map"),
    "inquiries.forgotten": lazy_gettext("Deleted old closed inquiries"),
    "inquiry.closed": lazy_gettext("Closed an inquiry without an answer"),
    "inquiry.given_back": lazy_gettext("Gave inquiries back"),
    "inquiry.joined": lazy_gettext("Joined two inquiries"),
    "inquiry.kept": lazy_gettext("Took an inquiry into a queue"),
    "inquiry.parted": lazy_gettext("Parted joined inquiries"),
    "inquiry.snoozed": lazy_gettext("Put an inquiry off"),
    "inquiry.tagged": lazy_gettext("Tagged an inquiry"),
    "inquiry.taken_over": lazy_gettext("Took an inquiry over"),
    "inquiry.woken": lazy_gettext("Brought an inquiry back from later"),
    "job.cancelled": lazy_gettext("Cancelled a job"),
    "job.queued": lazy_gettext("Started a job"),
    "links.checked": lazy_gettext("Checked the help centre's links"),
    "listing.labelled": lazy_gettext("Labelled a listing"),
    "listing.unlabelled": lazy_gettext("Took a listing's label back"),
    "listings.cleaned": lazy_gettext("Cleaned listings"),
    "listings.collected": lazy_gettext("Collected listings"),
    "listings.forgotten": lazy_gettext("Deleted listings"),
    "listings.joined": lazy_gettext("Let listings be one again"),
    "listings.parted": lazy_gettext("Parted listings"),
    "listings.uncleaned": lazy_gettext("Took a cleaning back"),
    "mapping.changed": lazy_gettext("Changed the category mapping"),
    "moderation.decided": lazy_gettext("Decided on a listing"),
    "moderation.imported": lazy_gettext("Imported past decisions"),
    "moderation.opened": lazy_gettext("Opened a moderation case"),
    "moderation.undone": lazy_gettext("Took a decision back"),
    "originals.forgotten": lazy_gettext("Forgot original words"),
    "originals.read": lazy_gettext("Read a customer's own words"),
    "policy.backtested": lazy_gettext("Tried a policy on past decisions"),
    "policy.mode": lazy_gettext("Changed a policy's mode"),
    "policy.stored": lazy_gettext("Kept a policy"),
    "release.cut_off": lazy_gettext("A release was cut off half-way"),
    "release.published": lazy_gettext("Put models in force"),
    "release.replayed": lazy_gettext("Replayed a candidate on recent inquiries"),
    "release.rolled_back": lazy_gettext("Went back to earlier models"),
    "release.stored": lazy_gettext("Stored a candidate"),
    "releases.pruned": lazy_gettext("Deleted files of old models"),
    "replies.imported": lazy_gettext("Imported saved replies"),
    "reply.change_undone": lazy_gettext("Took a change of a saved reply back"),
    "reply.created": lazy_gettext("Made a saved reply"),
    "reply.edited": lazy_gettext("Edited a saved reply"),
    "reply.restored": lazy_gettext("Restored a saved reply"),
    "reply.retired": lazy_gettext("Retired a saved reply"),
    "report.received": lazy_gettext("Received a report"),
    "reporter.muted": lazy_gettext("Muted a reporter, or counts them again"),
    "reports.braked": lazy_gettext("Held back a rush of reports"),
    "review.dropped": lazy_gettext("Dropped rows from review"),
    "sanction.lifted": lazy_gettext("Lifted a sanction"),
    "sanction.placed": lazy_gettext("Placed a sanction"),
    "sanction.unlifted": lazy_gettext("Put a lifted sanction back"),
    "setting.changed": lazy_gettext("Changed a setting"),
    "sidebar.connected": lazy_gettext("Connected the sidebar of another helpdesk"),
    "sign_in.done": lazy_gettext("Signed in"),
    "sign_in.failed": lazy_gettext("Failed to sign in"),
    "sign_out.done": lazy_gettext("Signed out"),
    "sign_out.everywhere": lazy_gettext("Signed somebody out everywhere"),
    "suggestion.dismissed": lazy_gettext("Dismissed a suggestion"),
    "suggestion.settled": lazy_gettext("Settled a suggestion by an answer"),
    "suggestion.missed": lazy_gettext("Said which FAQ was missed"),
    "suggestion.stands_again": lazy_gettext("Took a dismissal back"),
    "tasks.exported": lazy_gettext("Exported tasks for labelling"),
    "token.created": lazy_gettext("Made an API token"),
    "token.revoked": lazy_gettext("Revoked an API token"),
    "webhook.given_up": lazy_gettext("Forgot a webhook that was set aside"),
    "webhook.tried_again": lazy_gettext("Let a webhook be worked through again"),
    "week.exported": lazy_gettext("Exported what each colleague did in a week"),
}

# What things are called, by the word before the colon.
KINDS: Final = {
    "agent": lazy_gettext("person"),
    "alert": lazy_gettext("alert"),
    "batch": lazy_gettext("batch"),
    "collect": lazy_gettext("collection"),
    "connection": lazy_gettext("connection"),
    "desk": lazy_gettext("the desk"),
    "faq": lazy_gettext("FAQ"),
    "gap": lazy_gettext("gap"),
    "import": lazy_gettext("import"),
    "inquiry": lazy_gettext("inquiry"),
    "invitation": lazy_gettext("invitation"),
    "job": lazy_gettext("job"),
    "listing": lazy_gettext("listing"),
    "listings": lazy_gettext("listings"),
    "policy": lazy_gettext("policy"),
    "release": lazy_gettext("models"),
    "reply": lazy_gettext("saved reply"),
    "reporter": lazy_gettext("reporter"),
    "seller": lazy_gettext("seller"),
    "setting": lazy_gettext("setting"),
    "source": lazy_gettext("source"),
    "suggestion": lazy_gettext("suggestion"),
    "token": lazy_gettext("API token"),
    "tree": lazy_gettext("category tree"),
    "webhook": lazy_gettext("webhook"),
}

# What is told beside an act; a name that is not here stays as it is.
KEYS: Final = {
    "role": lazy_gettext("role"),
    "renamed": lazy_gettext("renamed"),
    "n": lazy_gettext("how many"),
    "kind": lazy_gettext("kind"),
    "reason": lazy_gettext("reason"),
    "note": lazy_gettext("note"),
    "from": lazy_gettext("from"),
    "to": lazy_gettext("to"),
    "added": lazy_gettext("added"),
    "changed": lazy_gettext("changed"),
    "source": lazy_gettext("source"),
    "inquiries": lazy_gettext("inquiries"),
    "messages": lazy_gettext("messages"),
    "kept": lazy_gettext("kept"),
    "label": lazy_gettext("label"),
    "action": lazy_gettext("action"),
    "until": lazy_gettext("until"),
    "by": lazy_gettext("by"),
    "into": lazy_gettext("into"),
    "change": lazy_gettext("change"),
    "slug": lazy_gettext("FAQ"),
    "slugs": lazy_gettext("FAQs"),
    "agent": lazy_gettext("person"),
    "suggested": lazy_gettext("suggested FAQs"),
    "invitation": lazy_gettext("invitation"),
    "appeal": lazy_gettext("appeal"),
    "made_by": lazy_gettext("made by"),
    "sanction": lazy_gettext("sanction"),
    "reports": lazy_gettext("reports"),
    "deleted": lazy_gettext("deleted"),
    "old": lazy_gettext("old"),
    "new": lazy_gettext("new"),
    "labels": lazy_gettext("labels"),
    "score": lazy_gettext("score"),
    "version": lazy_gettext("version"),
    "forced": lazy_gettext("forced"),
    "why": lazy_gettext("why"),
    "case": lazy_gettext("case"),
    "decision": lazy_gettext("decision"),
    "second_factor": lazy_gettext("second factor"),
    "scopes": lazy_gettext("scopes"),
    "tags": lazy_gettext("tags"),
    "faqs": lazy_gettext("FAQs"),
    "files": lazy_gettext("files"),
    "filters": lazy_gettext("filters"),
    "rows": lazy_gettext("rows"),
    "parent": lazy_gettext("helpdesk"),
}

_SHOWN: Final = 200  # characters of one value
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def act(action: str) -> str:
    """What was done; the raw name where nobody has found words for it yet."""
    return str(ACTS.get(action, action))


def broken(found: Break) -> str:
    """What is wrong with the trail, and where."""
    said = {
        "changed": _("Act %(row)s is not as it was recorded.", row=found.row),
        "cut": _("Acts from %(row)s on are missing at the end.", row=found.row),
        "end": _("What names the last act is missing, or not this desk's."),
        "earlier": _(
            "The file beside the key saw act %(row)s, which is not here: the database is in an "
            "earlier state. faqdesk audit accept goes on from here.",
            row=found.row,
        ),
        "open": _("The database no longer keeps acts from being changed."),
    }
    return said[found.why]


def noun(obj: str) -> str:
    """What kind of thing it was done to, such as an inquiry."""
    kind = obj.partition(":")[0]
    return str(KINDS.get(kind, kind))


def told(detail: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and values of a detail, readable; what was before and after stands in one of them."""
    rest, found = dict(detail), []
    others = [name for name in rest if name != "before"]
    after = "value" if "value" in rest else others[0] if len(others) == 1 else ""
    if "before" in rest and after:
        words = _changed(rest.pop("before"), rest.pop(after))
        found.append(("" if after == "value" else str(KEYS.get(after, after)), words))
    elif "value" in rest:
        found.append(("", _("to %(after)s", after=_role(rest.pop("value")))))
    elif isinstance(rest.get("from"), str) and isinstance(rest.get("to"), str):
        found.append(("", _changed(rest.pop("from"), rest.pop("to"))))
    for name, value in rest.items():
        if value in (None, "") or value in ([], {}):
            continue
        words = _role(value) if name == "role" else shown(value)
        found.append((str(KEYS.get(name, name)), words))
    return found


def _changed(before: Any, after: Any) -> str:
    return _("from %(before)s to %(after)s", before=_role(before), after=_role(after))


def _role(value: Any) -> str:
    """A value, which may be a role's name."""
    return str(ROLES[value]) if isinstance(value, str) and value in ROLES else shown(value)


def shown(value: Any) -> str:
    """A value of JSON as people write it, cut where it is long."""
    if isinstance(value, bool):
        words = _("yes") if value else _("no")
    elif value in ("", None) or value == [] or value == {}:
        words = _("nothing")
    elif isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
        words = ", ".join(map(str, value))
    elif isinstance(value, dict) and "version" in value:
        words = str(value["version"])
    elif isinstance(value, str) and _MOMENT.fullmatch(value):
        words = moment(value)
    elif isinstance(value, dict | list):
        words = json.dumps(value, ensure_ascii=False)
    else:
        words = str(value)
    return words if len(words) <= _SHOWN else words[: _SHOWN - 1] + "…"
