"""`faqdesk suggest` and `faqdesk search`."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import sys
from dataclasses import asdict

import click

from support import inquiries, settings
from support.errors import EmptyTextError, ModelMissingError
from support.inquiries import PastAnswer
from support.recommender import Recommender, SuggestedFaq, Suggestion
from support.redact import Redactor

from .common import json_option, print_json, workspace

WIDTH = 100  # characters of a text shown


@click.command("suggest")
@click.argument("text", required=False)
@click.option(
    "--top-k",
    default=3,
    show_default=True,
    type=click.IntRange(1, 9),
    help="FAQs at most when Likely; Possible always shows three.",
)
@json_option
def suggest_command(text: str | None, top_k: int, as_json: bool) -> None:
    """Suggest FAQs and past answers for a text, from the argument or standard input.

    \b
    Example:
      faqdesk suggest "인증번호가 안 와요"
      faqdesk suggest --json < inquiry.txt
    """
    space = workspace()
    db = space.database()
    words = text if text is not None else sys.stdin.read()
    masked = Redactor(settings.load(db).allow).redact(words)
    found = Recommender(space).suggest(db, masked.text, top_k=top_k)
    if found.reason == "empty":
        raise EmptyTextError("The text is empty. Give an inquiry: faqdesk suggest TEXT")
    if found.reason == "no_model" and not found.similar:
        raise ModelMissingError(found.degraded or "No model yet. Make one: faqdesk train")
    if as_json:
        print_json(asdict(found) | {"redactions": dict(masked.counts)})
        return
    if found.degraded:
        click.echo(found.degraded, err=True)
    click.echo(_heading(found))
    for rank, item in enumerate(found.faqs, 1):
        _print_faq(rank, item)
    click.echo("Similar past answers")
    for past in found.similar:
        _print_past(past)


@click.command("search")
@click.argument("text")
@click.option("--words", is_flag=True, help="Every word, also inside Korean words; not by meaning.")
@click.option("--top-k", default=10, show_default=True, type=click.IntRange(1, 50))
@json_option
def search_command(text: str, words: bool, top_k: int, as_json: bool) -> None:
    """Find past answers to inquiries like a text, or that hold its words.

    \b
    Example:
      faqdesk search "환불이 늦어요"
      faqdesk search --words 환불
    """
    space = workspace()
    db = space.database()
    masked = Redactor(settings.load(db).allow).redact(text).text
    if not masked.strip():
        raise EmptyTextError("The text is empty. Give some words: faqdesk search TEXT")
    if words:
        found = inquiries.search_words(db, masked, limit=top_k)
    else:
        models = Recommender(space).models()
        if models.similar is None:
            cure = models.degraded or "No encoder yet. Make one: faqdesk train"
            raise ModelMissingError(f"{cure}; or search with --words")
        found = models.similar.similar(db, masked, top_k=top_k)
    if as_json:
        print_json({"results": [asdict(past) for past in found]})
        return
    for past in found:
        _print_past(past)


def _heading(found: Suggestion) -> str:
    """The band and what it promises, or why it is silent."""
    promise = found.promise
    if found.band == "likely":
        return "Likely"
    if found.band == "possible":
        which = "one of these two" if found.tie else "one of these"
        told = f": {which} right in {promise.right} of {promise.n} like this" if promise else ""
        return f"Possible{told}"
    labelled = "" if found.labelled is None else f"{found.labelled} labelled inquiries"
    why = ", ".join(part for part in (found.reason, found.detail, labelled) if part)
    return f"No suggestion ({why})"


def _print_faq(rank: int, item: SuggestedFaq) -> None:
    promise = item.promise
    click.echo(
        f"  {rank}. {item.faq.title}  {item.probability:.0%} "
        f"(right in {promise.right} of {promise.n} like this)"
    )
    click.echo(f"     {item.faq.url}")


def _print_past(past: PastAnswer) -> None:
    score = f"{past.score:.2f} " if past.score else ""
    click.echo(f"  {score}{past.answered_at[:10]} {_short(past.question)}")
    click.echo(f"       -> {_short(past.answer)}")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
