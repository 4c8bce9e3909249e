r"""A study's claims as a LaTeX document, for the supplement of a paper.

It needs the packages of Debian's texlive-latex-base and texlive-latex-recommended alone, and its text is plain ASCII,
so pdflatex and lualatex set it alike. Each claim has the label ``claim:<id>``.
"""

from __future__ import annotations

from collections.abc import Iterable

from replisome.claims.latex_characters import escaped
from replisome.claims.supplement import DAGGER, ClaimInWords, Supplement, VerdictInWords

# OT1 is the encoding whose outline fonts every installation has. It lacks some ASCII characters and most others, hence
# the commands of latex_characters.py. The signs are drawn: no font of the base installation has a half-filled circle.
PREAMBLE = r"""% The same as claims.md, made by replisome. To set it: pdflatex claims.tex, twice.
\documentclass[11pt,a4paper]{article}
\usepackage[OT1]{fontenc}
\usepackage[margin=25mm]{geometry}
\usepackage{color}
\usepackage{parskip}
\usepackage[hidelinks]{hyperref}
\newcommand{\verdictsign}[1]{\setlength{\unitlength}{1pt}\begin{picture}(8,7)#1\end{picture}}
\DeclareRobustCommand{\filled}{\verdictsign{\put(4,3){\circle*{7}}}}
\DeclareRobustCommand{\hollow}{\verdictsign{\put(4,3){\circle{7}}}}
\DeclareRobustCommand{\halffilled}{\verdictsign{\put(4,3){\circle*{7}}%
\put(4,-1){{\color{white}\rule{4\unitlength}{8\unitlength}}}\put(4,3){\circle{7}}}}
\newenvironment{facts}{\begin{itemize}\setlength{\itemsep}{0pt}\setlength{\parskip}{0pt}}{\end{itemize}}
\setlength{\emergencystretch}{3em}
\raggedbottom
"""


def as_latex(said: Supplement) -> str:
    """Return the document."""
    title = escaped(said.title)
    parts = [
        f"{PREAMBLE}\\hypersetup{{pdftitle={{{title}}}}}\n\\title{{{title}}}\n\\author{{}}\n\\date{{}}",
        "\\begin{document}\n\\maketitle",
        _scorecard(said),
        escaped(said.note),
    ]
    for name, claims in said.sections.items():
        parts += [f"\\section{{{escaped(name)}}}", *map(_claim, claims)]
    return "\n\n".join([*parts, "\\end{document}"]) + "\n"


def _scorecard(said: Supplement) -> str:
    rows = [("", *said.words), *((name, *map(str, counts)) for name, counts in said.scores.items())]
    set_rows = [" & ".join(map(escaped, row)) + r" \\" for row in rows]
    lines = [f"\\begin{{tabular}}{{l{'r' * len(said.words)}}}", set_rows[0], r"\hline", *set_rows[1:], r"\end{tabular}"]
    return "\n".join([r"{\small", *lines, "}"])


def _claim(claim: ClaimInWords) -> str:
    parts = [f"\\subsection{{{escaped(claim.id)}}}\n\\label{{claim:{claim.id}}}", escaped(claim.plain)]
    if claim.quote is not None:
        parts.append(f"\\begin{{quote}}\n{escaped(claim.quote)}\n\\end{{quote}}")
    items = [_verdict(verdict) for verdict in claim.verdicts]
    if claim.leak is not None:
        items.append(escaped(claim.leak))
    return "\n\n".join([*parts, escaped(claim.rule), _items(items)])


def _verdict(verdict: VerdictInWords) -> str:
    dagger = f" {escaped(DAGGER)}" if verdict.dagger else ""
    line = (
        f"{escaped(verdict.protocol)}: \\textbf{{{escaped(verdict.word)}}}{dagger} "
        f"({escaped(verdict.reason)}), verdict \\texttt{{{escaped(verdict.id)}}}"
    )
    return "\n".join([line, _items(map(escaped, verdict.details))]) if verdict.details else line


def _items(items: Iterable[str]) -> str:
    return "\n".join([r"\begin{facts}", *(f"\\item {item}" for item in items), r"\end{facts}"])
