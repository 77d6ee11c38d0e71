"""What each role may do, in a sentence."""

from flask_babel import lazy_gettext

ROLE_SENTENCES = {
    "agent": lazy_gettext("Answers inquiries, and searches."),
    "lead": lazy_gettext(
        "Answers, moderates and labels; sees figures, models and knowledge, and mends FAQs."
    ),
    "moderator": lazy_gettext("Decides on reported and doubtful listings."),
    "labeller": lazy_gettext("Says what category listings belong in."),
    "admin": lazy_gettext("Everything, and also models in force, people and settings."),
}
