"""Which public texts the shipped encoder is learned from, under which terms, and which are not.

The list is the contract: `public_texts.py` opens the files named here and no other, the model card
carries the same list, and a test compares the two. What a benchmark measures on is never read for
learning; `TestText` names the files and rows whose texts are looked up only to be left out wherever
else they occur. Knows nothing of models.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A set of texts that is learned from.

    Attributes:
        name: its folder below `support/` in the data folder.
        files: what is opened in that folder.
        rows: which of their rows are learned from.
        licence: the terms it is published under.
        origin: whom to name.
        teaches: what is learned from it.
    """

    name: str
    files: tuple[str, ...]
    rows: str
    licence: str
    origin: str
    teaches: str


@dataclass(frozen=True, slots=True)
class Excluded:
    """A file, or rows of one, that nothing is learned from, and why."""

    place: str
    reason: str


SOURCES = (
    Source(
        "kornlu",
        ("sts-train.tsv", "xnli.dev.ko.tsv"),
        "all of both files",
        "CC BY-SA 4.0",
        "KorSTS and KorNLI, kakaobrain/KorNLUDatasets",
        "degrees of similarity; which pieces of words are rare",
    ),
    Source(
        "parakqc",
        ("paraKQC_v1.txt",),
        "sets 0 to 799 of the 1,000 consecutive sets of ten",
        "CC BY-SA 4.0",
        "warnikchow/paraKQC",
        "paraphrases",
    ),
    Source(
        "stylekqc",
        ("train.tsv",),
        "all",
        "CC BY-SA 4.0",
        "cynthia/stylekqc",
        "paraphrases in styles of politeness",
    ),
    Source(
        "sae4k",
        ("sae4k_v1.txt",),
        "all but those whose core phrase also belongs to a text that is tested on",
        "CC BY-SA 4.0",
        "warnikchow/sae4k",
        "a request and its core",
    ),
    Source(
        "question_pair",
        ("train.txt",),
        "all",
        "MIT",
        "songys/Question_pair",
        "questions that mean the same, and near ones that do not",
    ),
    Source(
        "nsmc",
        ("reviews.jsonl.gz",),
        "the review alone",
        "CC0 1.0",
        "e9t/nsmc",
        "which pieces of words are rare",
    ),
    Source(
        "banking77",
        ("train.csv",),
        "the text alone, never its label",
        "CC BY 4.0",
        "PolyAI-LDN/task-specific-datasets",
        "which pieces of words are rare",
    ),
    Source(
        "clinc150",
        ("data_full.json.gz",),
        "the texts of train and val, never their labels",
        "CC BY 3.0",
        "clinc/oos-eval",
        "which pieces of words are rare",
    ),
    Source(
        "petitions",
        (
            "petitions_2017-08.jsonl.gz",
            "petitions_2019-04.jsonl.gz",
            "petitions_2019-05.jsonl.gz",
        ),
        "title and content, never the category",
        "KOGL type 1, as stated by akngs/petitions for the same petitions",
        "the Blue House's petition site; lovit/petitions_archive",
        "a title and the text below it",
    ),
    Source(
        "thunderbird",
        ("questions.csv.gz",),
        "title and content of questions before 2025-03-01; no answer, no linked page",
        "CC BY-SA 3.0 or later (texts), MPL-2.0 (the archive)",
        "Mozilla Support contributors; thunderbird/github-action-thunderbird-aaq",
        "a title and the text below it",
    ),
)

LEFT_OUT = (
    Excluded("banking77/test.csv", "test split"),
    Excluded("clinc150/data_full.json.gz: test, oos_test", "test split"),
    Excluded(
        "clinc150/data_full.json.gz: oos_train, oos_val",
        "outside any label; left for choosing thresholds",
    ),
    Excluded("kornlu/sts-dev.tsv", "settings were chosen on it"),
    Excluded("kornlu/sts-test.tsv", "test split"),
    Excluded("kornlu/xnli.test.ko.tsv", "test split"),
    Excluded("parakqc/paraKQC_v1.txt: sets 800 to 999", "test split"),
    Excluded("question_pair/validation.txt", "not needed"),
    Excluded("question_pair/test.txt", "test split"),
    Excluded(
        "thunderbird/questions.csv.gz: from 2025-03-01",
        "validation and test, so that a classifier's settings can still be chosen there",
    ),
    Excluded(
        "thunderbird/answers.csv.gz, help_pages.csv.gz, localized_slugs.csv",
        "they hold the labels",
    ),
    Excluded("petitions/petitions_2019-06.jsonl.gz", "settings were chosen on it"),
    Excluded("petitions/petitions_2019-07.jsonl.gz, petitions_2019-08.jsonl.gz", "test split"),
    Excluded("listings/", "no licence is stated for most of it; nothing of it is an inquiry"),
)

PARAKQC_LEARNED = 800  # sets; later ones are tested on
THUNDERBIRD_UNTIL = "2025-03-01"
