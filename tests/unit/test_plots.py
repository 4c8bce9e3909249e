"""What is written on figures is what stands in the data."""

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from replisome.analysis import plots


@pytest.mark.parametrize("name", ["IL2$_a$", "$T_{reg}^+$", r"p\$53_x^2", "50 $ to 70 $", r"$\nosuchcommand$"])
def test_names_with_dollar_signs_are_drawn_as_they_are(tmp_path, name):
    with plt.rc_context({"svg.fonttype": "none"}):  # text stays text in the file
        figure, (axes,) = plots.grid(1)
        axes.plot([1, 2], [1, 2], label=name)
        axes.set_xticks([1, 2], [name, "b"])
        axes.legend()
        assert isinstance(figure, Figure)
        plots.save(figure, tmp_path, "x")
    assert (tmp_path / "x.svg").read_text().count(f">{name}</text>") == 2


def test_a_logarithmic_axis_has_plain_numbers():
    figure, (axes,) = plots.grid(1)
    axes.plot([1, 1000], [0, 1])
    plots.log_scale(axes, "x")
    figure.draw_without_rendering()
    texts = [label.get_text() for label in axes.get_xticklabels() + axes.get_xticklabels(minor=True)]
    assert {"1", "10", "100", "1000"} <= set(texts)
    assert not [text for text in texts if "$" in text]
