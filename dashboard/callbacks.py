"""Touches. The door for gateways that call back: nobody signs in; only what they signed is believed."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from dashboard.fields import Fields
from dashboard.gate import Public, service_of
from dashboard.shield import CALLBACKS

router = APIRouter(include_in_schema=False)


@router.post(CALLBACKS + "twilio/{channel}")
def twilio(request: Request, channel: str, fields: Fields, _: Public) -> Response:
    """A status or a key pressed. What is answered is TwiML: nothing more to say."""
    signature = request.headers.get("x-twilio-signature", "")
    if not service_of(request).called_back(channel, fields, signature):
        return Response(status_code=403)
    return Response("<Response/>", media_type="text/xml")
