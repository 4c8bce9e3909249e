"""A study's claims for the supplement of a paper: the same facts in Markdown and in LaTeX that compiles."""

import re

import pytest
from conftest import ROOT
from test_report_claims import NOT_RUN, VERDICT, claim

from replisome.claims.latex import as_latex
from replisome.claims.latex_characters import escaped
from replisome.claims.markdown import as_markdown
from replisome.claims.supplement import supplement

ASCII = "".join(map(chr, range(32, 127)))
AS_WRITTEN = {  # what a reader of the LaTeX sees of a command
    r"\textbackslash{}": "\N{FULLWIDTH REVERSE SOLIDUS}",
    r"\allowbreak{}": "",
    r"\textasciitilde{}": "\N{FULLWIDTH TILDE}",
    r"\textasciicircum{}": "^",
    r"\ensuremath{<}": "<",
    r"\ensuremath{>}": ">",
    r"\ensuremath{|}": "|",
    r"\ensuremath{-}": "-",
    r"\ensuremath{\pm}": "±",
    r"\ensuremath{\dagger}": "†",
    r"\filled{}": "●",
    r"\halffilled{}": "◐",
    r"\hollow{}": "○",
    r"{\ttfamily\char34}": '"',
    r"{\ttfamily\char18}": "`",
    "{[}": "[",
    "-{}": "-",
    "'{}": "'",
    "~": " ",
}


def read_back(latex: str) -> str:
    """Return the text that LaTeX sets, of what the tests write."""
    for command, text in AS_WRITTEN.items():
        latex = latex.replace(command, text)
    latex = re.sub(r"\\([&%$#_{}])", r"\1", latex)
    return latex.translate({ord("\N{FULLWIDTH REVERSE SOLIDUS}"): "\\", ord("\N{FULLWIDTH TILDE}"): "~"})


@pytest.fixture(scope="module")
def claims():
    look = {"decided": None, "now": 1, "of": 2, "later": "inconclusive"}
    full = {
        "caps": ["batch_size 64, not 512", "and more"],
        "flags": ["50 % & more"],
        "look": look,
        "decides": {"words": "about 7 seeds"},
        "bh": False,
        "id": "0f0f0f",
    }
    paper = {"report": "report B", "where": "Table 1 & 2", "says": "68.78 % (#1)", "reading": 'the "last" of {200}'}
    leak = {"estimate": -0.5, "low": -1.0, "high": 0.5}
    return [
        claim(
            "with-all", paper=paper, leak=leak, verdicts={"reported": {**VERDICT, **full}, "sound": {**VERDICT, **full}}
        ),
        claim("of-a-ratio", role="detail", kind="ratio", paper=None, unit="", plain="x_1 costs < 2^3 of y~z\\w."),
        claim("drawn", role="detail", kind="conflict", rule={"claims": ["with-all", "of-a-ratio"]}),
        claim("waits", role="background", verdicts={"sound": {**NOT_RUN, "reason": "preset full has it"}}),
    ]


@pytest.fixture(scope="module")
def said(claims):
    return supplement("Cells: 66 % & more", claims)


def facts_of(page: str) -> list[str]:
    """Return the words of a page in their order, without what sets them."""
    return re.sub(r"\\(?:title|textbf|texttt|section|subsection)\{|[{}*#>|]|^ *-(?= )", " ", page, flags=re.M).split()


def test_markdown_says_each_fact_of_a_claim_in_the_form_of_the_pages_before(said):
    page = as_markdown(said)
    assert page.startswith("# Claims: Cells: 66 % & more\n\n| | ● replicated | ◐ direction only |")
    assert "\n| as reported | 0 | 0 | 2 | 0 | 0 |\n| leak-free | 0 | 0 | 1 | 0 | 1 |\n\n" in page
    assert page.count("\n## ") == 3
    whole = """### with-all

A softmax before the loss costs 8.49 points.

> report B, Table 1 & 2: 68.78 % (#1). Our reading: the "last" of {200}.

Question: difference; rule fixed on 2026-11-26. Negligible 1.14 (the paper's: its smallest gap).

- as reported: **○ not replicated** † (smaller than matters), verdict 0f0f0f
  - measured: 0.6 points [-0.1, 1.3] (5 + 5 seeds; seeds ± 0.6; items ± 0.3)
  - capped: batch_size 64, not 512
  - capped: and more
  - note: 50 % & more
  - round 1 of 2; all seeds together would say: inconclusive
  - what would decide it: about 7 seeds

- leak-free:"""
    assert whole in page
    assert "\n\n- The leak is worth -0.5 points [-1, 0.5].\n\n" in page
    assert "- as reported: **drawn, not judged** (smaller than matters)" in page
    assert page.endswith("- leak-free: **- not run** (preset full has it), verdict 7f3a91\n")


def test_latex_holds_the_same_words_in_the_same_order(said):
    latex = as_latex(said)
    body = latex[latex.index(r"\section{Headline") : latex.index(r"\end{document}")]
    body = re.sub(r"\\(?:begin|end)\{(?:quote|facts)\}|\\label\{[^}]*\}|\\item ", " ", body)
    markdown = as_markdown(said)
    assert facts_of(read_back(body)) == facts_of(markdown[markdown.index("## Headline") :])


def test_latex_holds_the_scorecard_and_how_claims_are_judged(said):
    latex = as_latex(said)
    assert r" & \filled{} replicated & \halffilled{} direction only & \hollow{} not replicated & ? inc" in latex
    assert "as reported & 0 & 0 & 2 & 0 & 0 \\\\\nleak-free & 0 & 0 & 1 & 0 & 1 \\\\\n" in latex
    assert r"\title{Claims: Cells: 66 \% \& more}" in latex
    assert escaped(said.note) in latex


def test_each_claim_has_one_section_and_one_label(said, claims):
    latex = as_latex(said)
    assert re.findall(r"\\label\{claim:([^}]+)\}", latex) == [one["id"] for one in claims]
    assert re.findall(r"\\subsection\{([^}]+)\}", latex) == [one["id"] for one in claims]


def test_braces_and_environments_are_balanced_and_all_is_ascii(said):
    latex = as_latex(said)
    assert latex.isascii()
    bare = re.sub(r"\\[\\{}]|%\n", "", latex)
    depth = 0
    for char in bare:
        depth += {"{": 1, "}": -1}.get(char, 0)
        assert depth >= 0
    assert depth == 0
    document = latex[latex.index(r"\begin{document}") :]
    open_ones: list[str] = []
    for what, name in re.findall(r"\\(begin|end)\{(\w+)\}", document):
        if what == "begin":
            open_ones.append(name)
        else:
            assert open_ones.pop() == name
    assert open_ones == []


def test_no_list_is_empty(said):
    assert not re.search(r"\\begin\{facts\}\s*\\end", as_latex(said))


def test_every_character_of_ascii_is_set_as_it_is():
    assert read_back(escaped(ASCII)) == ASCII
    assert escaped("--a ''b") == "-{}-a '{}'b"
    assert escaped("50%_{x}") == r"50\%\_\allowbreak{}\{x\}"


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("± 3", r"\ensuremath{\pm}~3"),
        ("[-0.5, 2-3], k-mer", r"{[}\ensuremath{-}0.5, 2-3], k-mer"),
        (
            "10⁻³, x², H₂O",
            r"10\textsuperscript{\ensuremath{-}}\textsuperscript{3}, x\textsuperscript{2}, H\textsubscript{2}O",
        ),
        (
            "μm, \N{MICRO SIGN}m, λ, Δ",
            r"\ensuremath{\mu}m, \ensuremath{\mu}m, \ensuremath{\lambda}, \ensuremath{\Delta}",
        ),
        ("Å, A\N{COMBINING RING ABOVE}, é, Łö", r"\r{A}, \r{A}, \'{e}, \L{}\"{o}"),
        ("“a” \N{EN DASH} b", r"\textquotedblleft{}a\textquotedblright{} \textendash{} b"),
        ("two\n\nlines", "two lines"),
    ],
)
def test_what_is_not_ascii_has_its_command(text, latex):
    assert escaped(text) == latex


@pytest.mark.parametrize("char", ["漢", "½", "\N{ZERO WIDTH SPACE}", "ế", "\x07"])
def test_a_character_without_a_command_is_named_and_not_lost(char):
    assert re.fullmatch(rf"a\{{\[\}}U\+{ord(char):04X}[A-Z0-9 -]*\]b", escaped(f"a{char}b"))


def test_no_claim_of_the_studies_holds_a_character_without_a_command():
    for path in sorted((ROOT / "config" / "studies").glob("*/*.yaml")):
        unknown = set(re.findall(r"U\+[0-9A-F]{4,}[^\]]*", escaped(path.read_text())))
        assert unknown == set(), path
