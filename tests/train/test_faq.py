import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest

from support.encoder import SentenceEncoder
from support.errors import JobCancelledError, TooFewLabelsError
from support.faq import BandName, FaqClassifier, Voice
from support.fasttext_voice import FastTextConfig
from support.linear import LinearVoice
from train.encoder import EncoderConfig, fit_encoder
from train.evaluate import evaluate
from train.examples import Example, split_by_fraction
from train.faq import FaqConfig, fit_faq, narrow
from train.nearest import nearest

TOPICS = {
    "refund": ["환불", "돈", "돌려", "취소", "결제"],
    "parcel": ["배송", "택배", "송장", "도착", "언제"],
    "account": ["계정", "로그인", "비밀번호", "정지", "탈퇴"],
    "chat": ["채팅", "메시지", "답장", "차단", "알림"],
}
FILLER = ["안녕하세요", "문의드려요", "어떻게", "하나요", "ㅠㅠ", "빨리", "please", "감사합니다"]
FAQ_TEXTS = {name: f"{words[0]} 안내\n{' '.join(words)}" for name, words in TOPICS.items()}
CONFIG = FaqConfig(fasttext=(FastTextConfig(dim=8, bucket=2000, num_epochs=20),), svm_costs=(0.6,))


def make_examples(n, seed=0):
    generator = np.random.default_rng(seed)
    names = list(TOPICS)
    examples = []
    for i in range(n):
        topic = names[int(generator.integers(len(names)))]
        words = [*generator.choice(TOPICS[topic], 2), *generator.choice(FILLER, 3)]
        labels = (topic,) if generator.random() > 0.1 else ("elsewhere-" + str(i),)
        text = " ".join(generator.permutation(words))
        examples.append(Example(text, labels, f"2026-01-01T{i:06d}", i))
    return examples


@pytest.fixture(scope="module")
def split():
    return split_by_fraction(make_examples(400))


@pytest.fixture(scope="module")
def encoder(split, tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder") / "1"
    texts = [example.text for example in split.train] + list(FAQ_TEXTS.values())
    fit_encoder(texts, folder=folder, config=EncoderConfig(vocabulary=200, dim=16, learned=8))
    return SentenceEncoder.load(folder)


@pytest.fixture(scope="module")
def report(split, encoder, tmp_path_factory):
    return fit_faq(
        split.train,
        split.validation,
        folder=tmp_path_factory.mktemp("faq") / "1",
        config=CONFIG,
        encoder=encoder,
        faq_texts=FAQ_TEXTS,
    )


@pytest.fixture(scope="module")
def classifier(report):
    return FaqClassifier.load(report.folder)


def test_the_right_faq_comes_first_and_is_likely(classifier, split, encoder):
    text = "환불 취소 어떻게 하나요"
    neighbours = nearest(encoder, [text], split.train, top_k=classifier.neighbours_k)
    (prediction,) = classifier.predict([text], neighbours=neighbours)
    assert prediction.scored[0].label == "refund"
    assert set(prediction.scored[0].voices) == {"fasttext", "linear", "neighbours"}
    assert classifier.band(prediction) is BandName.LIKELY
    promise = classifier.promise(prediction.scored[0].probability)
    assert promise.low < promise.share <= promise.high


def test_probabilities_fall(classifier):
    for prediction in classifier.predict(["환불 언제", "xyz", "채팅 알림"], top_k=4):
        probabilities = [scored.probability for scored in prediction.scored]
        assert probabilities == sorted(probabilities, reverse=True)
        assert all(0 <= p <= 1 for p in probabilities)
        assert prediction.any_of_three >= probabilities[0] - 0.2
    assert classifier.predict([]) == []


def test_why_names_the_word(classifier):
    words = classifier.why("안녕하세요 환불 어떻게 하나요", ["refund"])[0]
    assert words[0].word == "환불"
    assert all(word.weight > 0 for word in words)


def test_without_neighbours_the_other_voices_answer_with_bands_of_their_own(classifier):
    (prediction,) = classifier.predict(["택배 송장 언제"])
    assert prediction.scored[0].label == "parcel"
    assert set(prediction.weights) == {Voice.FASTTEXT, Voice.LINEAR}
    assert classifier.band(prediction) is not None


def test_fasttext_alone_answers_when_the_rest_is_damaged(report, tmp_path):
    import shutil

    shutil.copytree(report.folder, tmp_path / "1")
    (tmp_path / "1" / "linear" / "linear.safetensors").write_bytes(b"broken")
    alone = FaqClassifier.load(tmp_path / "1", fasttext_alone=True)
    assert alone.degraded
    (prediction,) = alone.predict(["비밀번호 로그인 계정"])
    assert prediction.scored[0].label == "account"
    assert set(prediction.weights) == {Voice.FASTTEXT}
    assert alone.why("비밀번호", ["account"]) == [[]]


def test_the_report_tells_what_each_set_of_voices_is_worth(report):
    sets = [set(voices.voices) for voices in report.voices]
    assert sets == [
        {"fasttext", "neighbours", "linear"},
        {"fasttext", "linear"},
        {"fasttext"},
    ]
    assert report.voices[0].hit_1 > 0.9
    assert report.likely.coverage > 0.5
    assert report.as_dict()["labels"] == 4


def test_the_dense_voice_is_heard_where_vectors_come_with_the_text(split, encoder, tmp_path):
    fit_faq(split.train, split.validation, folder=tmp_path / "1", config=CONFIG, encoder=encoder)
    both = FaqClassifier.load(tmp_path / "1")
    texts = ["환불 취소 어떻게", "택배 송장 언제"]
    near = nearest(encoder, texts, split.train, top_k=both.neighbours_k)
    vectors = encoder.encode(texts)
    heard = both.predict(texts, neighbours=near, vectors=vectors)
    assert [p.scored[0].label for p in heard] == ["refund", "parcel"]
    assert (Voice.DENSE in heard[0].weights) == both.wants_vectors
    for without in (both.predict(texts, neighbours=near), both.predict(texts, vectors=vectors)):
        assert Voice.DENSE not in without[0].weights
        assert both.decide(without[0]).band in {"likely", "possible", "silent"}


def test_an_encoder_that_another_will_replace_teaches_no_dense_voice(split, encoder, tmp_path):
    fit_faq(
        split.train, split.validation, folder=tmp_path / "1", config=CONFIG,
        encoder=encoder, encoder_version="another",
    )  # fmt: skip
    assert not FaqClassifier.load(tmp_path / "1").wants_vectors


def test_a_faq_with_a_text_alone_can_be_suggested(split, tmp_path):
    texts = {**FAQ_TEXTS, "warranty": "보증 기간\n보증 수리 기간 안내"}
    config = replace(CONFIG, newcomers=5)
    report = fit_faq(
        split.train, split.validation, folder=tmp_path / "1", config=config, faq_texts=texts
    )
    found = FaqClassifier.load(report.folder)
    assert found.predict(["보증 수리 기간"])[0].scored[0].label == "warranty"
    assert found.predict(["환불 결제 취소"])[0].scored[0].label == "refund"


def test_settings_chosen_on_the_newest_rows_are_fitted_on_all(split, encoder, tmp_path):
    few = FastTextConfig(dim=8, bucket=2000, num_epochs=5)
    config = replace(CONFIG, choose_on=50, fasttext=(few, *CONFIG.fasttext))
    report = fit_faq(
        split.train, split.validation, folder=tmp_path / "1", config=config, encoder=encoder
    )
    assert report.train > 3 * 50
    assert report.settings["fasttext"]["num_epochs"] in {5, 20}
    assert report.voices[0].hit_1 > 0.9


def test_narrow_takes_back_every_choice(report):
    again = narrow(CONFIG, report.settings)
    assert asdict(again.fasttext[0]) == report.settings["fasttext"]
    assert again.logistic_penalties == (report.settings["logistic_penalty"],)
    assert again.svm_costs == (report.settings["svm_cost"],)
    assert len(again.neighbours) == 1
    assert narrow(CONFIG, {"fasttext": None, "unknown": 3}) == CONFIG


def test_evaluate_beside_the_baselines(classifier, split, encoder):
    past = [*split.train, *split.validation]
    found = evaluate(classifier, split.test, past=past, encoder=encoder)
    assert found.n == len(split.test)
    assert found.in_scope < found.n
    assert found.accuracy > 0.9
    assert set(found.baselines) == {"most_frequent", "fasttext", "tfidf_svm"}
    assert found.baselines["most_frequent"].hit_1 < 0.6 < found.baselines["tfidf_svm"].hit_1
    assert set(found.above_svm) == {"hit@1", "hit@3", "hit@5"}
    content = found.as_dict()
    assert content["hit@5"] == found.hit_5
    assert len(content["faqs"]) == 4


def test_nothing_to_judge_says_so(classifier):
    with pytest.raises(TooFewLabelsError, match="faqdesk train faq"):
        evaluate(classifier, [Example("x", ("elsewhere",), "2026", 1)], past=[])


def test_too_few_labels_says_what_to_do(split, tmp_path):
    with pytest.raises(TooFewLabelsError, match="Import more history"):
        fit_faq(split.train[:6], split.validation, folder=tmp_path / "1", config=CONFIG)
    with pytest.raises(TooFewLabelsError, match="at least 10"):
        fit_faq(split.train, split.validation[:3], folder=tmp_path / "1", config=CONFIG)
    assert list(tmp_path.iterdir()) == []


def test_a_label_that_reaches_its_number_with_validation_is_let_in(split, tmp_path):
    new = [Example(f"인증 번호 오류 {i}", ("verify",), "2026-01-01T9", 900 + i) for i in range(6)]
    train = [*split.train, *new[:2]]
    validation = [replace(example, at="2026-01-01T99") for example in new[2:]] + split.validation
    known = fit_faq(train, validation, folder=tmp_path / "1", config=CONFIG)
    assert "verify" in FaqClassifier.load(known.folder).labels
    kept = fit_faq(train, validation, folder=tmp_path / "2", config=replace(CONFIG, recount=False))
    assert "verify" not in FaqClassifier.load(kept.folder).labels


def test_progress_rises_and_cancelling_leaves_nothing(split, tmp_path):
    seen = []

    def watch(done, total, message):
        seen.append(done / total)
        if done / total > 0.9:
            raise JobCancelledError("cancelled")

    with pytest.raises(JobCancelledError):
        fit_faq(split.train, split.validation, folder=tmp_path / "1", config=CONFIG, progress=watch)
    assert seen == sorted(seen)
    assert len(seen) > 20
    assert list(tmp_path.iterdir()) == []


KILLED = """
import sys, time
sys.path.insert(0, {tests!r})
from pathlib import Path
import test_faq
from support import fasttext_voice
from train.examples import split_by_fraction
from train.faq import fit_faq

save = fasttext_voice.FastTextVoice.save
def slow(self, folder):
    save(self, folder)
    print("half written", flush=True)
    time.sleep(60)
fasttext_voice.FastTextVoice.save = slow
split = split_by_fraction(test_faq.make_examples(400))
fit_faq(split.train, split.validation, folder=Path({folder!r}), config=test_faq.CONFIG)
"""


def test_a_killed_run_leaves_no_half_model_and_the_next_works(split, tmp_path):
    folder = tmp_path / "1"
    code = KILLED.format(tests=os.path.dirname(__file__), folder=str(folder))
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=os.getcwd()
    )
    assert process.stdout is not None
    with process.stdout:
        assert "half written" in process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not folder.exists()
    assert [path.name[:5] for path in tmp_path.iterdir()] == [".tmp-"]
    fit_faq(split.train, split.validation, folder=folder, config=CONFIG)
    assert [path.name for path in tmp_path.iterdir()] == ["1"]
    FaqClassifier.load(folder)


def test_faqs_let_in_last_do_not_change_what_confidence_learned(split, tmp_path):
    """Rare FAQs are out of scope while choosing and labels afterwards: the gate must not move."""

    def rare(part):
        return [
            replace(e, labels=(f"rare-{e.inquiry_id % 40}",)) if "elsewhere" in e.labels[0] else e
            for e in part
        ]

    texts = FAQ_TEXTS | {f"rare-{number}": f"드문 {number}" for number in range(40)}
    config = replace(CONFIG, min_examples=8)
    for name, recount in (("more", True), ("same", False)):
        fit_faq(
            rare(split.train), rare(split.validation),
            folder=tmp_path / name, config=replace(config, recount=recount), faq_texts=texts,
        )  # fmt: skip
    more, same = (FaqClassifier.load(tmp_path / name) for name in ("more", "same"))
    assert len(more.labels) > len(same.labels) == 4
    asked = [example.text for example in split.test]
    gates = [LinearVoice.load(tmp_path / name / "linear") for name in ("more", "same")]
    assert all(gate.has_gate for gate in gates)
    apart = gates[0].gate(asked) - gates[1].gate(asked)
    assert np.abs(apart).mean() < 0.5 * gates[1].gate(asked).std()
