from xml.etree import ElementTree

import pytest

from train.plot import Curve, Words, plot_coverage, plot_lines, plot_reliability
from train.reliability import reliability_bins


def test_the_plot_is_well_formed_and_names_its_curves():
    drawn = plot_coverage(
        [
            Curve("first <right>", [(0.5, 1.0), (1.0, 0.5)], marked=(0.5, 1.0)),
            Curve("any of three", [(0.5, 1.0), (1.0, 0.8)]),
        ]
    )
    root = ElementTree.fromstring(drawn)
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert {"first <right>", "any of three", "100%"} <= set(texts)
    lines = [element for element in root.iter() if element.tag.endswith("polyline")]
    assert lines[0].get("points") == "338.0,24.0 620.0,186.0"


@pytest.mark.parametrize("count", [0, 3])
def test_only_curves_that_can_be_told_apart(count):
    with pytest.raises(ValueError, match="One or two"):
        plot_coverage([Curve("x", [])] * count)


def test_a_reliability_diagram_shows_every_bin_with_its_number_and_interval():
    bins = reliability_bins([0.95, 1.0, 0.15, 0.1], [True, True, False, True])
    root = ElementTree.fromstring(plot_reliability(bins))
    dots = [element for element in root.iter() if element.tag.endswith("circle")]
    assert [dot[0].text for dot in dots] == [
        "stated 0.12, right 1 of 2 (0.01 to 0.99)",
        "stated 0.97, right 2 of 2 (0.16 to 1.00)",
    ]
    assert dots[0].get("cy") == "186.0"  # one half, midway between 24 and 348
    assert "2" in [element.text for element in root.iter() if element.tag.endswith("text")]


def test_lines_over_named_places():
    ticks = [(0.0, "2024-03"), (1.0, "2025-08")]
    curves = [Curve(name, [(0, 0.2), (1, 0.4)]) for name in ("with", "without", "SVM")]
    drawn = plot_lines(curves, x_ticks=ticks, words=Words("t", "month", "hit@1"))
    root = ElementTree.fromstring(drawn)
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert {"2024-03", "2025-08", "with", "without", "SVM"} <= set(texts)
    with pytest.raises(ValueError, match="One to three"):
        plot_lines(curves * 2, x_ticks=ticks, words=Words("t", "month", "hit@1"))
