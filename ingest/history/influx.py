"""Touches. The far end of the feed: InfluxDB or VictoriaMetrics, through `/api/v2/write`."""

from collections.abc import Sequence
from enum import StrEnum

from ingest.settings import FeedSettings

TIMEOUT_MS = 10_000


class Answer(StrEnum):
    """What a refusal asks of us."""

    BAD = "bad"  # a line among these cannot be read
    LARGE = "large"  # too much at once
    DENIED = "denied"  # address, bucket or token are wrong: a person must mend it
    LATER = "later"  # busy, broken or away


class WriteError(Exception):
    """The lines were not taken. `wait` is what the server asked for, in seconds."""

    def __init__(self, answer: Answer, reason: str, wait: float = 0.0) -> None:
        self.answer = answer
        self.wait = wait
        super().__init__(reason)


class Influx:
    """One client of the user's server. Its own retries are off: the feed retries, for ever and in order."""

    def __init__(self, settings: FeedSettings) -> None:
        # here, since it costs 20 MB that most campuses never need
        from influxdb_client.client.influxdb_client import InfluxDBClient
        from influxdb_client.client.write_api import SYNCHRONOUS

        self._bucket, self._org = settings.bucket, settings.org
        self._client = InfluxDBClient(
            settings.url,
            settings.token,
            org=settings.org,
            timeout=TIMEOUT_MS,
            enable_gzip=True,
            retries=False,
        )
        self._api = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, lines: Sequence[str]) -> None:
        """Returns when the server has taken all of them. Raises WriteError."""
        from influxdb_client.domain.write_precision import WritePrecision
        from influxdb_client.rest import ApiException

        try:
            text, unit = "\n".join(lines), WritePrecision.MS
            self._api.write(self._bucket, self._org, text, unit)  # type: ignore[arg-type]
        except ApiException as error:
            raise _refusal(error.status, error.body or error.reason, error.headers) from error
        except Exception as error:  # urllib3 and the socket have many names for "not there"
            raise WriteError(Answer.LATER, f"{type(error).__name__}: {error}"[:300]) from error

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]


def _refusal(status: int | None, said: object, headers: object) -> WriteError:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    reason = f"HTTP {status}: {' '.join(text.split())[:300]}"
    if status in (400, 422):
        return WriteError(Answer.BAD, reason)
    if status == 413:
        return WriteError(Answer.LARGE, reason)
    if status is None or status == 0 or status in (408, 425, 429) or status >= 500:
        asked = str(getattr(headers, "get", lambda _name: "")("Retry-After") or "")
        return WriteError(Answer.LATER, reason, float(asked) if asked.isdigit() else 0.0)
    return WriteError(Answer.DENIED, reason)
