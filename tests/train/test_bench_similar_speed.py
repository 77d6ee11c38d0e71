"""The benchmark of searches: what it makes up, and that it asks a real server."""

import json

import numpy as np

from train.bench_similar_speed import bench_similar_speed, clustered


def test_what_is_made_up_lies_in_clusters():
    vectors, queries = clustered(1_000, 20, 32, seed=0)
    assert (vectors.shape, queries.shape) == ((1_000, 32), (20, 32))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    near = np.sort(queries @ vectors.T, axis=1)
    assert near[:, -10].mean() > 0.5  # others of the kind
    assert abs(near.mean()) < 0.1  # most are of other kinds
    again, _ = clustered(1_000, 20, 32, seed=0)
    np.testing.assert_array_equal(vectors, again)


def test_searches_are_timed_here_and_over_grpc():
    found = bench_similar_speed(2_000, dim=16)["made_up"]
    json.dumps(found)
    assert found["recall@10"] >= 0.95
    assert found["same_over_grpc"]
    for name in ("search_ms", "search_processor_ms", "grpc_ms", "grpc_empty_ms", "exact_ms"):
        assert 0 <= found[name]["p50"] <= found[name]["p99"]
    assert found["bytes_a_row"] >= 16
