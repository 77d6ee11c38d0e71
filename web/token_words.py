"""What each scope of an API token opens, in a sentence."""

from flask_babel import lazy_gettext

SCOPE_SENTENCES = {
    "suggest": lazy_gettext("Ask which FAQs and past answers fit."),
    "feedback": lazy_gettext("Tell what became of a suggestion."),
    "search": lazy_gettext("Find past answers, and read FAQs and inquiries, masked."),
    "inquiries": lazy_gettext("Hand inquiries in, read how they stand, tell what was answered."),
    "faqs": lazy_gettext("Make, edit and retire FAQs."),
    "metrics": lazy_gettext("Read figures."),
    "export": lazy_gettext("Take away what became of suggestions, as a table."),
    "imports": lazy_gettext("Import files, and take imports back."),
    "listings": lazy_gettext("Read listings, find their categories and similar ones, label them."),
    "moderation": lazy_gettext("Have listings judged, report them, decide, appeal."),
    "admin": lazy_gettext("All of these."),
}
