"""Touches. `make dialects` writes the table in docs/dialects.md from the first table of each page."""

from pathlib import Path

from ingest.dialects import DIALECTS

DOCS = Path(__file__).parent.parent / "docs"
ROWS = (
    "`dialect:` in the registry", "Topics", "`address:` in the registry", "Alarm", "Clear", "Test", "Fault",
    "Silent", "Sign of life", "Retained", "Repeated, cached", "Clock", "QoS", "Not understood",
)  # fmt: skip
SHOWN = ("Alarm", "Clear", "Test", "Fault", "Silent", "Retained", "Repeated, cached", "Clock")
_BEGIN, _END = "<!-- table -->\n", "<!-- end -->"


def card(name: str) -> dict[str, str]:
    """The first table of a dialect's page: row → cell. Its head is the name of the family."""
    page = (DOCS / "dialects" / f"{name}.md").read_text("utf-8")
    lines = page[page.index("\n| ") + 1 :].split("\n\n")[0].splitlines()
    cells = [
        line.strip().removeprefix("|").removesuffix("|").split(" | ", 1)
        for line in lines
        if "---" not in line
    ]
    return {row.strip().replace("**", ""): cell.strip() for row, cell in cells}


def table() -> str:
    lines = [f"| | {' | '.join(SHOWN)} |", f"|---|{'---|' * len(SHOWN)}"]
    for name in DIALECTS:
        found = card(name)
        lines.append(f"| [{found['']}](dialects/{name}.md) | {' | '.join(found[row] for row in SHOWN)} |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """docs/dialects.md as it should be."""
    text = (DOCS / "dialects.md").read_text("utf-8")
    return text[: text.index(_BEGIN) + len(_BEGIN)] + table() + text[text.index(_END) :]


if __name__ == "__main__":
    (DOCS / "dialects.md").write_text(page(), "utf-8")
