"""The worksheet as a page: one HTML file in the look of all pages, with lines to write on, that prints on paper."""

from typing import TYPE_CHECKING

from glassnet.lessons.contract import Question
from glassnet.report.markup import Markup, tag
from glassnet.report.page import Section, page
from glassnet.report.pictures import figure

if TYPE_CHECKING:
    from glassnet.lessons.sheet import Sheet

_STYLE = """
.questions { padding-left: 2.6rem; max-width: 44rem; list-style: none; margin: .6rem 0; }
.questions > li { margin: 0 0 1.1rem; position: relative; break-inside: avoid; }
.questions .count { position: absolute; left: -2.6rem; color: var(--quiet); font-variant-numeric: tabular-nums; }
.answer { display: flex; gap: .5rem; align-items: end; margin-top: .7rem; color: var(--quiet); }
.line { flex: 0 1 14rem; height: 1.4rem; border-bottom: 1px solid var(--quiet); }
.choices { list-style: none; padding: 0; margin: .4rem 0 0; display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; }
.choices li::before { content: "\\25CB\\00A0"; color: var(--quiet); }
.solution { font-weight: 600; }
.asked { width: 9rem; }
@media print {
  :root { --paper: #fff; --ink: #000; --quiet: #444; --rule: #bbb; --wash: #fff; --first: #000; --second: #000; }
  @page { margin: 16mm 15mm; }
  html { font-size: 11pt; }
  body { max-width: none; padding: 0; }
  nav, .skip { display: none; }
  h2 { margin-top: 1.4rem; break-after: avoid; }
  #key { break-before: page; }
}
"""


def sheet_page(sheet: "Sheet", key: bool = False) -> str:
    """Return the whole HTML file of a worksheet, with its key on a page of its own if `key`."""
    parts = [Section("about", "About this sheet", "", tag("div", tag("p", sheet.lead), _picture(sheet)))]
    for at, (lesson, questions) in enumerate(sheet.parts, 1):
        asked = [_question(f"{at}.{i}", question) for i, question in enumerate(questions, 1)]
        parts.append(Section(lesson.name, f"{at}. {lesson.title}", lesson.teaches, tag("ol", asked, cls="questions")))
    if key:
        parts.append(Section("key", "Key", "The answer to each question, and the way to it.", _key(sheet)))
    return page(sheet.title, parts, style=_STYLE, script="")


def _picture(sheet: "Sheet") -> Markup | None:
    if sheet.pixels is None:
        return None
    name = sheet.picture
    return tag("div", figure(sheet.pixels, name, f"the picture {name} as the network gets it", 192), cls="asked")


def _question(count: str, question: Question) -> Markup:
    if question.choices:
        answer = tag("ul", [tag("li", choice) for choice in question.choices], cls="choices")
    else:
        answer = tag(
            "div", tag("span", cls="line"), tag("span", question.unit) if question.unit else None, cls="answer"
        )
    return tag("li", tag("span", count, cls="count"), question.text, answer)


def _key(sheet: "Sheet") -> Markup:
    rows = []
    for at, (_, questions) in enumerate(sheet.parts, 1):
        for i, question in enumerate(questions, 1):
            solved = (tag("span", f"{question.solution}.", cls="solution"), " ", question.how)
            rows.append(tag("li", tag("span", f"{at}.{i}", cls="count"), *solved))
    return tag("ol", rows, cls="questions")
