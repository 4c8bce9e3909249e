r"""Text as LaTeX that sets it: what each character is written as, in plain ASCII and the encoding OT1."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

COMMANDS = {
    **{char: f"\\{char}" for char in "&%$#{}"},
    "_": r"\_\allowbreak{}",  # names of recipes and experiments are long
    "/": r"/\allowbreak{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
    "<": r"\ensuremath{<}",
    ">": r"\ensuremath{>}",
    "|": r"\ensuremath{|}",
    '"': r"{\ttfamily\char34}",
    "`": r"{\ttfamily\char18}",
    "[": "{[}",  # after \item a bracket would begin its label
    "●": r"\filled{}",
    "◐": r"\halffilled{}",
    "○": r"\hollow{}",
    "†": r"\ensuremath{\dagger}",
    "\N{DOUBLE DAGGER}": r"\ensuremath{\ddagger}",
    "•": r"\ensuremath{\bullet}",
    "·": r"\ensuremath{\cdot}",
    "°": r"\ensuremath{^{\circ}}",
    "±": r"\ensuremath{\pm}",
    "\N{MULTIPLICATION SIGN}": r"\ensuremath{\times}",
    "÷": r"\ensuremath{\div}",
    "\N{MINUS SIGN}": r"\ensuremath{-}",
    "\N{LESS-THAN OR EQUAL TO}": r"\ensuremath{\leq}",
    "\N{GREATER-THAN OR EQUAL TO}": r"\ensuremath{\geq}",
    "\N{ALMOST EQUAL TO}": r"\ensuremath{\approx}",
    "\N{NOT EQUAL TO}": r"\ensuremath{\neq}",
    "\N{MUCH LESS-THAN}": r"\ensuremath{\ll}",
    "\N{MUCH GREATER-THAN}": r"\ensuremath{\gg}",
    "\N{TILDE OPERATOR}": r"\ensuremath{\sim}",
    "\N{INFINITY}": r"\ensuremath{\infty}",
    "\N{SQUARE ROOT}": r"\ensuremath{\surd}",
    "\N{ELEMENT OF}": r"\ensuremath{\in}",
    "\N{LEFTWARDS ARROW}": r"\ensuremath{\leftarrow}",
    "\N{RIGHTWARDS ARROW}": r"\ensuremath{\rightarrow}",
    "\N{LEFT RIGHT ARROW}": r"\ensuremath{\leftrightarrow}",
    "\N{EN DASH}": r"\textendash{}",
    "\N{EM DASH}": r"\textemdash{}",
    "\N{LEFT SINGLE QUOTATION MARK}": r"\textquoteleft{}",
    "\N{RIGHT SINGLE QUOTATION MARK}": r"\textquoteright{}",
    "\N{LEFT DOUBLE QUOTATION MARK}": r"\textquotedblleft{}",
    "\N{RIGHT DOUBLE QUOTATION MARK}": r"\textquotedblright{}",
    "\N{HORIZONTAL ELLIPSIS}": r"\ldots{}",
    "\N{SECTION SIGN}": r"\S{}",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "\N{LATIN SMALL LETTER DOTLESS I}": r"\i{}",
    "λ": r"\ensuremath{\lambda}",  # Unicode spells its name in another way than LaTeX
    "Λ": r"\ensuremath{\Lambda}",
    "\N{MICRO SIGN}": r"\ensuremath{\mu}",
    "\N{NON-BREAKING HYPHEN}": r"\mbox{-}",
    "\N{NO-BREAK SPACE}": "~",
    "\N{NARROW NO-BREAK SPACE}": r"\,",
    "\N{THIN SPACE}": r"\,",
}
SMALL_GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "mu", "nu"),
    *("xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
)
CAPITAL_GREEK = ("Gamma", "Delta", "Theta", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega")
ACCENTS = {
    "\N{COMBINING GRAVE ACCENT}": "`",
    "\N{COMBINING ACUTE ACCENT}": "'",
    "\N{COMBINING CIRCUMFLEX ACCENT}": "^",
    "\N{COMBINING TILDE}": "~",
    "\N{COMBINING MACRON}": "=",
    "\N{COMBINING BREVE}": "u",
    "\N{COMBINING DOT ABOVE}": ".",
    "\N{COMBINING DIAERESIS}": '"',
    "\N{COMBINING RING ABOVE}": "r",
    "\N{COMBINING DOUBLE ACUTE ACCENT}": "H",
    "\N{COMBINING CARON}": "v",
    "\N{COMBINING DOT BELOW}": "d",
    "\N{COMBINING CEDILLA}": "c",
}
RAISED = {"<super>": r"\textsuperscript", "<sub>": r"\textsubscript"}


def escaped(text: str) -> str:
    """Return a text as LaTeX that sets it, on one line.

    A character that has no command here is set as its code and name in brackets, so that none is lost unseen.
    """
    text = re.sub(r"[ \t\r\n]+", " ", unicodedata.normalize("NFC", text))
    text = re.sub(r"(?<![\w-])-(?=\d)", "\N{MINUS SIGN}", text)
    text = text.replace("± ", "±\N{NO-BREAK SPACE}")
    found = "".join(map(_command, text))
    # Two hyphens would be set as a dash, two apostrophes as a quotation mark.
    return re.sub(r"([-'])(?=\1)", r"\1{}", found)


@cache
def _command(char: str) -> str:
    """Return what sets a character."""
    if char in COMMANDS:
        return COMMANDS[char]
    if char.isascii() and char.isprintable():
        return char
    name = unicodedata.name(char, "")
    if (greek := _greek(name)) is not None:
        return greek
    form, *parts = unicodedata.decomposition(char).split() or [""]
    if form in RAISED:
        return f"{RAISED[form]}{{{''.join(_command(chr(int(part, 16))) for part in parts)}}}"
    if len(parts) == 1 and not form.startswith("<"):
        base, accent = chr(int(form, 16)), chr(int(parts[0], 16))
        if base.isascii() and accent in ACCENTS:
            return f"\\{ACCENTS[accent]}{{{base}}}"
    return f"{{[}}U+{ord(char):04X}{f' {name}' if name else ''}]"


def _greek(name: str) -> str | None:
    """Return the command of a Greek letter by its Unicode name, or None of what is none or has no command."""
    found = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", name)
    if found is None:
        return None
    command = found[2].lower() if found[1] == "SMALL" else found[2].capitalize()
    return f"\\ensuremath{{\\{command}}}" if command in (*SMALL_GREEK, *CAPITAL_GREEK) else None
