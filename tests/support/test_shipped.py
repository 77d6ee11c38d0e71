import numpy as np

from support.artifact import read_artifact
from support.shipped import load_shipped, shipped_folder


def test_the_folder_is_small_and_whole():
    config = read_artifact(shipped_folder(), "encoder").config
    assert config["normalized"] is True
    files = [path for path in shipped_folder().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 16_000_000
    assert {"LICENSE", "MODEL_CARD.md", "modules.json"} <= {path.name for path in files}


def test_what_means_the_same_is_nearer_in_both_languages():
    encoder = load_shipped()
    for asked, near, far in (
        ("환불 언제 되나요", "환불은 언제 받을 수 있어요?", "비밀번호를 바꾸고 싶어요"),
        ("I forgot my password", "how do I reset the password", "where is my parcel"),
        ("음악을 틀어 줘", "음악 좀 틀어 줄래", "내일 날씨가 어때"),
    ):
        one, same, other = encoder.encode([asked, near, far])
        assert one @ same > one @ other + 0.1


def test_sentence_transformers_loads_it_without_code_of_ours():
    from support.torch_engine import load_sentence_transformer

    texts = ["환불은 언제 되나요?", "My mails are gone.", "한 남자가 기타를 친다."]
    theirs = load_sentence_transformer(str(shipped_folder())).encode(texts, show_progress_bar=False)
    np.testing.assert_allclose(theirs, load_shipped().encode(texts), atol=1e-5)
