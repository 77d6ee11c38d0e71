"""The words that go with the shipped encoder: its model card and its licence."""

from importlib.resources import files

from support.encoder import StaticEngine

from .public_sources import LEFT_OUT, SOURCES

LICENCE_NAME = "CC BY-SA 4.0"


def model_card(engine: StaticEngine, measured: dict[str, float]) -> str:
    """What the model is, what it was learned from, and what it was not.

    Args:
        engine: the model.
        measured: figures by name, in plain words or as a metric's name.
    """
    figures = "\n".join(f"| {name} | {value} |" for name, value in measured.items())
    return f"""---
language: [ko, en]
license: cc-by-sa-4.0
library_name: sentence-transformers
pipeline_tag: sentence-similarity
---

# A Korean-English sentence encoder for support desks

The mean of one learned vector a piece of a word: {engine.tokenizer.get_vocab_size():,} pieces
(overlapping runs of one and two Hangul syllables, pieces of all other words), {engine.dim}
dimensions, in bytes with a scale a piece. It needs no network and no GPU.
`SentenceTransformer(folder)` loads it without remote code, faqdesk reads it with numpy alone.

It knows which words are alike; it knows neither word order nor negation: "please refund" and
"please do not refund" are near neighbours. Meant for finding similar inquiries and as one voice of
a classifier, not for judging whether two statements agree.

## Licence

{LICENCE_NAME}, text in `LICENSE`. The code of the project is under its own licence. Several sources
ask that what is adapted from them be shared alike; all are named here.

## Learned from

{sources_table()}

## Not learned from

{left_out_table()}

A text of any source that equals a tested one, apart from spaces, marks and capitals, is dropped.

## Measured when it was made

| what | figure |
|---|---|
{figures}

Figures on the test splits are in `docs/quality.md`.

## Made by

`faqdesk train encoder --public DIR --out data/encoder`; `config.json` holds every setting,
`manifest.json` the SHA-256 sum of every file.
"""


def sources_table() -> str:
    """A row a source."""
    head = "| set | files | rows | teaches | terms | whom to name |\n|---|---|---|---|---|---|\n"
    return head + "\n".join(
        f"| {source.name} | {', '.join(source.files)} | {source.rows} | {source.teaches} "
        f"| {source.licence} | {source.origin} |"
        for source in SOURCES
    )


def left_out_table() -> str:
    """A row a file or part that is left out."""
    head = "| what | why |\n|---|---|\n"
    return head + "\n".join(f"| {left.place} | {left.reason} |" for left in LEFT_OUT)


def licence() -> str:
    """The licence with the list of sources before it."""
    text = (files("data") / "CC-BY-SA-4.0.txt").read_text(encoding="utf-8")
    named = "\n".join(f"  {source.name}: {source.origin} ({source.licence})" for source in SOURCES)
    return (
        "The files of this folder are licensed under the Creative Commons\n"
        "Attribution-ShareAlike 4.0 International licence, whose text follows.\n"
        f"They are adapted from these sources:\n\n{named}\n\n{text}"
    )
