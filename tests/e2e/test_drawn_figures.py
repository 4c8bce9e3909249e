"""The figures of a finished workflow of each study can be read at the size that the page shows them."""

import matplotlib.pyplot as plt
import pytest
from figure_faults import faults

from replisome.analysis.plots import LeftOut, as_pages
from replisome.analysis.results import StudyResults
from replisome.config.catalogue import study_names
from replisome.config.declared import figures


@pytest.mark.parametrize("name", study_names())
def test_every_page_of_every_figure_can_be_read(name, finished_study):
    root = finished_study(name) / "results" / "demo"
    study = StudyResults.open(root / name / "tables" / "study.json", root)
    declared = figures(name)
    for figure in declared.values():
        if figure.page == 1:
            count = sum(other.made_by == figure.name for other in declared.values())
            for page in as_pages(figure.function()(study), count):
                if not isinstance(page, LeftOut):
                    assert faults(page) == [], figure.name
                    plt.close(page)
