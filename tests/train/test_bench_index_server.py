"""What asking an index server costs, in small: every way is asked, and all say the same."""

from train import bench_index_server as bench


def test_every_way_is_measured_and_answers_alike(trained, monkeypatch):
    monkeypatch.setattr(bench, "QUERIES", 20)
    monkeypatch.setattr(bench, "_SECONDS", 0.1)
    monkeypatch.setattr(bench, "AT_ONCE", (1, 2))
    found = bench.bench_index_server([1_000], home=trained.home)
    made_up, past = found["vectors_1000"], found["desk"]["past_answers"]
    for figures in (made_up, past):
        assert figures["same"]
        for way in ("in_process", "grpc", "tls"):
            assert 0 < figures[f"{way}_ms"]["p50"] <= figures[f"{way}_ms"]["p99"]
            assert figures["a_second_of_2"][way] > 0
    assert all(held["pss"] > 0 for held in found["desk"]["console_mb"].values())
