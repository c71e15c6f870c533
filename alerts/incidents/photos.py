"""Touches. Photos of alerts, in the data folder, each under the hash of what is stored.

Nothing that was sent is stored: a picture is opened by what it is, not by what it says it is, and written
anew as JPEG. So where it was taken (EXIF, GPS), and whatever else a file may carry, is left behind.
"""

import hashlib
import os
import re
import shutil
import threading
import warnings
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from alerts import refusal
from alerts.refusal import Refused

LARGEST = 12 * 1024 * 1024  # bytes that are taken
PIXELS = {"JPEG": 64_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}  # a JPEG is opened at a smaller scale
SIDE, THUMB_SIDE = 2560, 360
SPARED = 256 * 1024 * 1024  # bytes of the disk that photos leave to alarms
MOST = 30  # on one alert
HASH = re.compile(r"[0-9a-f]{64}")
_HEIC = (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypmif1", b"ftypmsf1", b"ftypheim", b"ftypheis")


class Photos:
    def __init__(self, folder: Path) -> None:
        self._folder = folder / "photos"
        self._one = threading.Lock()  # a picture being opened takes up to 100 MB

    def keep(self, sent: bytes) -> str:
        """The hash under which it is kept. Raises Refused; a disk without room is one reason."""
        if len(sent) > LARGEST:
            raise Refused(refusal.PHOTO_LARGE)
        with self._one:
            large, small = _drawn(sent)
        digest = hashlib.sha256(large).hexdigest()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(self._folder).free < SPARED:
                raise Refused(refusal.PHOTO_NO_ROOM)
            self._write(self.path(digest, thumb=True), small)
            self._write(self.path(digest), large)
        except OSError:
            raise Refused(refusal.PHOTO_NO_ROOM) from None
        return digest

    def path(self, digest: str, thumb: bool = False) -> Path:
        if not HASH.fullmatch(digest):
            raise ValueError(digest)
        return self._folder / digest[:2] / f"{digest}{'.thumb' if thumb else ''}.jpg"

    def read(self, digest: str, thumb: bool = False) -> bytes | None:
        try:
            return self.path(digest, thumb).read_bytes()
        except (OSError, ValueError):
            return None

    def problem(self, digest: str) -> str:
        """Why the stored photo is not the one the log names; "" when it is."""
        kept = self.read(digest)
        if kept is None:
            return "is gone"
        return "" if hashlib.sha256(kept).hexdigest() == digest else "was altered"

    def _write(self, path: Path, content: bytes) -> None:
        if path.exists():
            return
        path.parent.mkdir(exist_ok=True)
        half = path.with_suffix(f".{threading.get_ident()}.half")
        try:
            with half.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            half.replace(path)
        finally:
            half.unlink(missing_ok=True)


def _drawn(sent: bytes) -> tuple[bytes, bytes]:
    """The picture and its thumbnail as JPEG, without anything that was not to be seen. Raises Refused."""
    if sent[4:12] in _HEIC:
        raise Refused(refusal.PHOTO_HEIC)
    try:
        with warnings.catch_warnings(), Image.open(BytesIO(sent), formats=tuple(PIXELS)) as opened:
            warnings.simplefilter("ignore")
            if opened.width * opened.height > PIXELS[opened.format or "PNG"]:
                raise Refused(refusal.PHOTO_PIXELS)
            opened.draft("RGB", (SIDE, SIDE))
            upright = ImageOps.exif_transpose(opened)
            flat = _flat(upright)
    except UnidentifiedImageError:
        raise Refused(refusal.PHOTO_KIND) from None
    except Image.DecompressionBombError:
        raise Refused(refusal.PHOTO_PIXELS) from None
    except Refused:
        raise
    except Exception:  # the decoders raise whatever a broken file leads them to
        raise Refused(refusal.PHOTO_BROKEN) from None
    flat.thumbnail((SIDE, SIDE))
    large = _jpeg(flat, 85)
    flat.thumbnail((THUMB_SIDE, THUMB_SIDE))
    return large, _jpeg(flat, 75)


def _flat(picture: Image.Image) -> Image.Image:
    """What is transparent becomes white, and only pixels are carried over."""
    seen = picture.convert("RGBA") if "A" in picture.getbands() or "transparency" in picture.info else picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(seen, mask=seen.getchannel("A") if seen.mode == "RGBA" else None)
    return ground


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
