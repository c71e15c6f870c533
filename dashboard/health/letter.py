"""Touches. The weekly report as a letter: HTML that any mail program shows, text beside it, CSV and XLSX."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from alerts.delivery.channels.email import Attachment, Letter
from dashboard import words
from dashboard.health.changes import Changes
from dashboard.health.columns import Reader
from dashboard.health.gather import day_at
from dashboard.health.owners import OWN, Recipient
from dashboard.health.report import Report
from dashboard.health.row import REPORTING, Row
from dashboard.health.sheets import as_csv
from dashboard.service import Service

MOST = 60  # devices in the letter itself; all are in the attachments
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_letters = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def compose(service: Service, report: Report, changes: Changes | None, to: Recipient, key: str) -> Letter:
    """`changes` are None for the first report."""
    from dashboard.health.workbook import as_xlsx

    language = to.person.language
    reader = Reader(language, service.zone, service.registry(), service.directory())
    day = day_at(report.moment, service.zone).isoformat()
    campus = words.name(service.registry().root, language)
    title = words.say("letter_own" if to.scope == OWN else "letter_campus", language, campus=campus, day=day)
    found = [row for row in report.rows if row.findings]
    values = {
        "title": title, "report": report, "changes": changes, "reader": reader, "found": found[:MOST],
        "more": max(0, len(found) - MOST), "html_language": words.HTML_LANGUAGE[language],
        "reporting": REPORTING, "exact": lambda moment: words.exact(moment, service.zone),
        "t": lambda key, **named: words.say(key, language, **named),
    }  # fmt: skip
    assert to.contact is not None
    return Letter(
        key=key,
        address=to.contact.address,
        subject=f"{title} · {headline(report, language)}",
        text=_letters.get_template("health_letter.txt").render(values),
        html=_letters.get_template("health_letter.html").render(values),
        language=language,
        attachments=(
            Attachment(f"health-{day}.csv", "text/csv", as_csv(report, reader)),
            Attachment(f"health-{day}.xlsx", XLSX, as_xlsx(report, reader)),
        ),
    )


def headline(report: Report, language: str) -> str:
    counts = report.total.counts
    if not counts["findings"]:
        return words.say("letter_fine", language)
    return words.say("letter_found", language, n=counts["findings"], all=counts["devices"])


def line(row: Row, reader: Reader) -> str:
    """A device on one line of text."""
    found = " · ".join(filter(None, (reader.findings(row), reader.standing(row))))
    where = f"{reader.place(row.device.place)} · {reader.device(row)} ({row.device.id})"
    return f"{where}: {found} → {reader.advice(row)}"


_letters.globals["line"] = line
