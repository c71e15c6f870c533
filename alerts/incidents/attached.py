"""Thinks. Facts that leave the axes of an alert alone: a photo, and which incident it belongs to."""

import msgspec


class Photographed(msgspec.Struct, frozen=True):
    """`photo` is the hash under which alerts/incidents/photos.py keeps it."""

    alert: int
    by: str
    photo: str
    note: str = ""


class PutIn(msgspec.Struct, frozen=True):
    """It is handled in this incident from now on."""

    alert: int
    by: str
    incident: int


class TakenOut(msgspec.Struct, frozen=True):
    """It is handled by itself again."""

    alert: int
    by: str
