"""The report in a real browser: it asks for nothing, obeys nothing, and can be read by anybody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, sync_playwright

from qgov.plan.author import Author
from qgov.render.report import as_html
from tests.plan.worlds import BASELINE, changed, sides_of
from tests.render.hostile import HOSTILE, hostile_plan
from tests.render.report_page import FAILED, report

pytestmark = [pytest.mark.real, pytest.mark.no_cover]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",  # which root in a container cannot have
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK, PHONE = (1280, 900), (360, 740)
PLANTED = (
    '<img src=x onerror="document.title=1">',
    "</script><script>document.title=1</script>",
    '"><svg onload="document.title=1">',
    "[x](javascript:document.title=1)",
    "@team",
    "=cmd()",
)

Opened = tuple[Page, list[str]]


def _changes() -> str:
    """A change of all kinds, in which titles, comments and purposes are markup."""
    binding = "    - {group: atlas-leads, role: reader"
    eligible = "eligible: {approvers: atlas-leads, maxDuration: 4h, ticket: required}"
    comments = "".join(f"    # {text}\n" for text in PLANTED)
    after = changed(
        BASELINE,
        {
            "qgov.yaml": {
                "managedDevice: true, maxTokenAge: 8h, job": "managedDevice: false, maxTokenAge: 8h, job"
            },
            "roles/developer.yaml": {
                "{name: developer}": f"{{name: developer, title: '{PLANTED[0]}'}}"
            },
            "roles/reader.yaml": {"[usage:read, log:read]": "[usage:read]"},
            "budgets/atlas.yaml": {"1000.00": "3000.00"},
            "tenants/atlas.yaml": {
                "keep: 30d": "keep: 90d",
                binding: f"{comments}    - {{group: researchers, role: developer, on: production, {eligible}}}\n{binding}",
            },
        },
    )
    return report(
        BASELINE,
        after,
        FAILED,
        horizon_s=86_400,
        author=Author("mei@acme.example", ("researchers",)),
    )


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("there is no Chromium here; .ci/install-chromium installs one")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def changes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of `_changes`."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(_changes(), encoding="utf-8")
    return path


def _opened(browser: Browser, path: Path, size: tuple[int, int] = DESK, **options: Any) -> Opened:
    """The page, and what went wrong or out: errors, warnings, dialogs and requests."""
    width, height = size
    page = browser.new_context(viewport={"width": width, "height": height}, **options).new_page()
    seen: list[str] = []
    page.on("console", lambda message: seen.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: seen.append(f"error: {error}"))
    page.on("dialog", lambda dialog: seen.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: seen.append(f"request: {request.url}"))
    page.goto(path.as_uri())
    page.wait_for_load_state("networkidle")
    assert seen.pop(0) == f"request: {path.as_uri()}"
    return page, seen


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_it_asks_for_nothing_and_complains_of_nothing(
    chromium: Browser, changes: Path, scripts: bool
) -> None:
    page, seen = _opened(chromium, changes, java_script_enabled=scripts)
    page.locator("h1").wait_for()

    assert not [line for line in seen if line != "request: data:,"]
    assert page.locator("article.entry").count() == 3
    assert page.locator("article.entry").first.is_visible()
    assert page.locator("#filter").is_visible() == scripts
    page.context.close()


def test_planted_markup_is_seen_and_does_nothing(chromium: Browser, changes: Path) -> None:
    page, seen = _opened(chromium, changes)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")

    for text in PLANTED:
        assert page.locator("body").inner_text().count(text) >= 1, text
    assert page.title().startswith("More and less permissive")
    assert page.locator("script").count() == 1
    assert page.locator("img, iframe, object, embed, form, input, [onerror], [onload]").count() == 0
    assert page.locator("a:not([href^='#'])").count() == 0
    assert not [line for line in seen if line != "request: data:,"]
    page.context.close()


def test_every_hostile_word_is_only_a_word(chromium: Browser, tmp_path: Path) -> None:
    base, head, _ = sides_of(BASELINE, BASELINE)
    text = " ".join(word for word in HOSTILE if word != "\ud800")
    path = tmp_path / "report.html"
    path.write_text(as_html(hostile_plan(text), base.model, head.model, FAILED), encoding="utf-8")
    page, seen = _opened(chromium, path)

    assert not [line for line in seen if line != "request: data:,"]
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_serious(
    chromium: Browser, changes: Path, scheme: str, size: tuple[int, int]
) -> None:
    # The page's own policy would refuse axe's script.
    page, _ = _opened(chromium, changes, size, color_scheme=scheme, bypass_csp=True)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    found = Axe().run(page).response

    assert len(found["passes"]) > 20, "axe looked"
    assert not [
        (one["impact"], one["id"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    page.context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_nothing_overflows_a_phone(chromium: Browser, changes: Path, scripts: bool) -> None:
    page, _ = _opened(chromium, changes, PHONE, java_script_enabled=scripts)
    # Without scripts of its own the page can still be asked.
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    wide = page.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth)"
        ".map(one => [one.tabIndex, one.getAttribute('role'), one.getAttribute('aria-label')])"
    )
    assert wide, "the matrix scrolls in its own region"
    assert all(index == 0 and role == "region" and label for index, role, label in wide)
    page.context.close()


def test_the_filter_shows_what_it_says(chromium: Browser, changes: Path) -> None:
    page, _ = _opened(chromium, changes)
    entries, told = page.locator("article.entry"), page.locator("#told")
    total = entries.count()
    assert told.inner_text() == "", "nothing is filtered, nothing is said"

    page.locator("#by-roles").select_option(label="reader")
    shown = page.locator("article.entry:visible")
    assert 0 < shown.count() < total
    assert told.inner_text() == f"Filtered: {shown.count()} of {total} access changes shown."
    assert told.get_attribute("aria-live") == "polite"
    assert all("reader" in text for text in shown.all_inner_texts())

    page.locator("#by-risk").select_option(label="critical")
    assert shown.count() == 0
    page.locator("#clear").click()
    assert shown.count() == total
    assert page.evaluate("document.activeElement.id") == "by-tenants"

    page.locator("#by-tenants").select_option(label="borealis")
    assert (
        0 < page.locator(".heat tbody tr:visible").count() < page.locator(".heat tbody tr").count()
    )
    assert all("borealis" in text for text in page.locator(".part:visible").all_inner_texts())
    page.context.close()


def test_the_keyboard_reaches_the_report_first(chromium: Browser, changes: Path) -> None:
    page, _ = _opened(chromium, changes)

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.context.close()


def test_what_is_folded_is_printed(chromium: Browser, changes: Path) -> None:
    page, _ = _opened(chromium, changes)
    line = page.locator("#raw .lines").first
    assert not line.is_visible()

    page.emulate_media(media="print")
    assert line.is_visible()
    assert not page.locator("nav").is_visible()
    assert page.pdf().startswith(b"%PDF")
    page.context.close()


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a change of one environment among many, with an error."""
    path = tmp_path_factory.mktemp("production") / "report.html"
    after = changed(
        BASELINE,
        {
            "tenants/borealis.yaml": {
                "    - {group: borealis-leads": "    - {group: auditors, role: developer, on: "
                "test}\n    - {group: borealis-leads"
            }
        },
    )
    path.write_text(report(BASELINE, after), encoding="utf-8")
    return path


def test_a_phone_shows_the_columns_that_change_first(chromium: Browser, production: Path) -> None:
    page, _ = _opened(chromium, production, PHONE)
    head = page.locator(".heat thead tr").nth(1).locator("th")
    assert page.locator(".heat thead tr").first.locator("th").nth(1).inner_text() == "borealis"
    assert head.first.inner_text() == "test"

    moved = page.locator(".heat td.moved").first.bounding_box()
    assert moved is not None
    assert moved["x"] + moved["width"] <= PHONE[0], "seen before anything is scrolled"
    page.context.close()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_what_stops_a_change_stands_above_the_fold(
    chromium: Browser, production: Path, size: tuple[int, int]
) -> None:
    page, _ = _opened(chromium, production, size)
    for text in ("new finding", "must approve"):
        box = page.get_by_text(text).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= size[1], text
    if size == PHONE:
        first = page.locator(".card.stopped").bounding_box()
        risk = page.locator(".card").first.bounding_box()
        assert first is not None
        assert risk is not None
        assert first["y"] < risk["y"]
    page.context.close()
