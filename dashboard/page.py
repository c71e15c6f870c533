"""Touches. Renders the pages: Jinja2 that always escapes, words in the reader's language."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from dashboard import duty, places, problem, words
from dashboard.account import Account
from dashboard.gate import CHOSEN, chosen_language, language_of, service_of
from dashboard.permissions import Permission
from ingest.bilingual import told
from ingest.campus.kinds import KINDS

CHOICE_LASTS = 365 * 24 * 3600  # seconds a screen remembers its language while nobody is signed in
HERE = Path(__file__).parent
_pages = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.policies["json.dumps_kwargs"] = {"ensure_ascii": False}


def _stamp() -> str:
    """A short hash of all static files: it changes their address when they change."""
    total = hashlib.sha256()
    for path in sorted((HERE / "static").rglob("*")):
        if path.suffix in (".js", ".css", ".svg"):
            total.update(path.read_bytes())
    return total.hexdigest()[:10]


STAMP = _stamp()


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    account: Account | None = getattr(request.state, "account", None)
    context = {**_words(request, account), **values}
    page = HTMLResponse(_pages.get_template(template).render(context), status)
    if account is None and (chosen := chosen_language(request)):
        page.set_cookie(CHOSEN, chosen, CHOICE_LASTS, secure=request.url.scheme == "https", samesite="strict")
    return page


def _words(request: Request, account: Account | None) -> Mapping[str, Any]:
    """What every template may use."""
    service, language = service_of(request), language_of(request)
    other = words.LANGUAGES[1 - words.LANGUAGES.index(language)]
    now = service.now()
    return {
        "account": account,
        "account_label": service.directory().name(account.person, language) if account else "",
        "may": lambda what: account is not None and account.may(what),
        "acts_on": lambda card: account is not None and account.reach.acts(service.registry(), card),
        "everywhere": account is not None and account.reach.everywhere,
        "may_act": account is not None and account.may(Permission.ACT),
        "may_staff": account is not None and account.may(Permission.STAFF),
        "may_administer": account is not None and account.may(Permission.ADMINISTER),
        "language": language,
        "html_language": words.HTML_LANGUAGE[language],
        "other": other,
        "html_other": words.HTML_LANGUAGE[other],
        "here_in_other": f"?{request.url.include_query_params(language=other).query}",
        "theme": account.theme if account else "auto",
        "now": now,
        "path": request.url.path,
        "stamp": STAMP,
        "version": service.version,
        "zone": service.zone,
        "catalogue": words.catalogue(language),
        "kinds": KINDS,
        "path_of": lambda place: places.path(service.registry(), place),
        "t": lambda key, **named: words.say(key, language, **named),
        "named": lambda thing, otherwise="": words.name(thing, language, otherwise),
        "ago": lambda moment: words.ago(moment, now, language),
        "duties": lambda: duty.now_and_next(service.directory(), now),
        "clock": lambda moment: words.clock(moment, now, service.zone),
        "exact": lambda moment: words.exact(moment, service.zone),
        "span": lambda length: words.span(length, language),
        "metric": lambda metric: words.metric(metric, language),
        "value": lambda metric, value: words.reading(metric, value, language),
        "word": lambda value: words.word(value, language),
        "said": lambda note: told(note, language),
        "points": lambda said: words.points(said, language),
        "text": lambda pair: pair.get(language) or pair.get("zh") or pair.get("en") or "",
    }


def wants_page(request: Request) -> bool:
    """A person's browser asks for a page, a program for JSON."""
    return "text/html" in request.headers.get("accept", "")


def answer(
    request: Request, status: int, key: str, sentence: str = "", mistakes: Iterable[Mapping[str, str]] = ()
) -> Response:
    """A refusal in words: a page for a browser, problem+json (RFC 9457) for a program."""
    language = language_of(request)
    text = sentence or words.say(key, language)
    if wants_page(request):
        return render(request, "error.html", status, said=text)
    told = problem.problem(status, key, text, request.url.path, language, mistakes)
    return JSONResponse(told, status, media_type=problem.MEDIA)
