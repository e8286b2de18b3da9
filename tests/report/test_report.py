"""The page as text: what it says, what it refuses to say, and that nothing from the data becomes markup."""

import base64
import hashlib
import itertools
import json
import re
from html.parser import HTMLParser

import pytest

import glassnet as gn
from glassnet.pipeline import evaluate, report
from glassnet.report.charts import nice_ticks
from glassnet.report.markup import join, tag


class Reader(HTMLParser):
    """Collects elements, ids and visible text; fails on an end tag that closes nothing."""

    VOID = frozenset({"meta", "link", "img", "br", "hr"})

    def __init__(self, page):
        super().__init__()
        self.open, self.elements, self.text = [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        if name not in self.VOID:
            self.open.append(name)

    def handle_startendtag(self, name, attributes):
        self.elements.append((name, dict(attributes)))

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text.append(data)

    @property
    def said(self):
        return re.sub(r"\s+", " ", " ".join(self.text))


@pytest.fixture(scope="module")
def page(run):
    return run.report.read_text(encoding="utf-8")


def test_the_report_says_what_matters_before_the_test_set_is_opened(run, page):
    read = Reader(page)
    main = run.scores["validation"].main
    assert f"{main.value:.3f}" in read.said
    assert f"between {main.low:.3f} and {main.high:.3f}" in read.said
    assert "test set is sealed" in read.said
    assert "chose the best of 3 epochs" in read.said
    assert "chose the best of 3 epochs" in run.text()
    assert "glassnet eval" in read.said
    assert run.verdict["sentences"][0].split(":")[0] in read.said
    for choice in run.folder.read_choices():
        assert choice.field in read.said
    assert "broken.png" in read.said  # what was kept out is named
    assert f"glassnet reproduce {run.name}" in read.said


def test_names_from_the_data_never_become_markup(page):
    read = Reader(page)
    names = {name for name, _ in read.elements}
    assert "onerror" not in {key for _, attributes in read.elements for key in attributes}
    assert names <= {
        "html", "head", "meta", "link", "title", "style", "body", "a", "header", "p", "h1", "h2", "h3", "nav", "ul", "li", "main",
        "section", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "button", "span", "svg", "desc", "line", "text",
        "polyline", "circle", "rect", "figure", "img", "figcaption", "br", "details", "summary", "pre", "code", "strong", "footer",
        "script",
    }  # fmt: skip
    assert "<img src=x onerror=alert(1)>" in read.said  # shown as the text that it is
    data = next(a for name, a in read.elements if name == "script" and a.get("id") == "data")
    assert data["type"] == "application/json"


def test_the_policy_lets_nothing_in_but_the_page_s_own_script_and_style(page):
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page).group(1).replace("&#x27;", "'")
    assert policy.startswith("default-src 'none'; img-src data:;")
    for kind, pattern in (("script", r"<script>(.*?)</script>"), ("style", r"<style>(.*?)</style>")):
        own = re.findall(pattern, page, re.DOTALL)
        assert len(own) == 1
        digest = base64.b64encode(hashlib.sha256(own[0].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    read = Reader(page)
    assert not [a for _, a in read.elements if "style" in a]  # the policy would drop it, and the page look broken
    assert all(a[k].startswith(("data:", "#")) for _, a in read.elements for k in ("src", "href") if k in a)


def test_each_cell_of_the_confusion_matrix_has_its_pictures(run, page):
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL).group(1))
    found = run.scores["validation"].tables["confusion"]
    for truth, row in enumerate(found["counts"]):
        for answer, n in enumerate(row):
            cell = data["cells"]["validation"].get(f"{truth}-{answer}")
            assert (cell is not None) == bool(n)
            if cell:
                assert len(cell["pictures"]) == min(n, 24)
                keys = [data["pictures"][str(number)]["key"] for number in cell["pictures"]]
                assert all(key.startswith(found["classes"][truth] + "/") for key in keys)
                assert len(set(keys)) == len(keys)


def test_after_eval_the_test_score_leads_and_looks_are_counted(trained):
    run = trained()
    out = run.folder.path.parent
    evaluate(run.name, out)
    said = Reader(run.report.read_text(encoding="utf-8")).said
    assert f"{gn.load(run.name, out).scores['test'].main.value:.3f}" in said
    assert "opened once" in said
    evaluate(run.name, out)
    assert "opened 2 times" in Reader(run.report.read_text(encoding="utf-8")).said


def test_the_report_can_be_written_anew_and_is_the_same(run):
    before = run.report.read_bytes()
    run.report.unlink()
    assert report(run.name, run.folder.path.parent) == run.report
    assert run.report.read_bytes() == before


def test_markup_escapes_whatever_is_not_markup():
    assert tag("p", "a < b & c", title='"x"') == '<p title="&quot;x&quot;">a &lt; b &amp; c</p>'
    assert join(["<b>", tag("br"), None, [1, "&"]]) == "&lt;b&gt;<br/>1&amp;"
    assert tag("td", cls="number", hidden=None, disabled=True) == '<td class="number" disabled></td>'


@pytest.mark.parametrize("low,high", [(0, 1), (0.123, 0.124), (-5, 5), (1e-9, 2e-9), (3, 3), (0, 0), (17, 90_000)])
def test_ticks_enclose_the_values_with_few_round_steps(low, high):
    ticks = nice_ticks(low, high)
    assert ticks[0] <= low
    assert ticks[-1] >= high
    assert 2 <= len(ticks) <= 8
    steps = {round(b - a, 12) for a, b in itertools.pairwise(ticks)}
    assert len(steps) <= 2
