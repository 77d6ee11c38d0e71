from xml.etree import ElementTree

import pytest

from train.plot import Curve, plot_coverage


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
