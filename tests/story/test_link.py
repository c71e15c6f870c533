"""Touches. One tap in the night, through the whole service: a notice holds a link, and a press takes it."""

import stat
from pathlib import Path

import httpx

from tests.bench.load import Publisher, publish_packet
from tests.bench.service import Service, campus
from tests.fakes.webhook import WebhookSink
from tests.servers import Mosquitto, free_port
from tests.shell.test_link_page import words

SLOW = 60.0  # seconds: generous


def test_a_notice_holds_a_link_and_its_press_takes_the_alert(tmp_path: Path, mosquitto: Mosquitto) -> None:
    with WebhookSink() as sink:
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        dashboard = {"listen": f"127.0.0.1:{port}", "address": address}
        service = Service(tmp_path, mosquitto, sink.url, {"dashboard": dashboard})
        service.url = address
        service.apply(campus(1))
        service.start()
        try:
            said = b'{"values":{"smoke":"alarm"}}'
            Publisher(mosquitto.host, mosquitto.port).send(publish_packet("campus/d0/reading", said, 1))
            (call, *_) = sink.wait_for(1, timeout=SLOW)
            link = call.json["link"]
            assert link.startswith(f"{address}/a/")
            assert link not in call.json["short"] + call.json["body"]
            key = tmp_path / "data" / "links.key"
            assert (key.stat().st_size, stat.S_IMODE(key.stat().st_mode)) == (32, 0o600)
            service.stop()
            service.start()  # a link outlives the process that made it
            with httpx.Client(headers={"accept": "text/html", "origin": address}) as phone:
                assert "还没有人受理" in words(phone.get(link).text)
                taken = phone.post(link, data={"act": "take"})
                assert taken.status_code == 200
                assert "由您受理，请前往。" in words(taken.text)
                assert "还没有人受理" not in words(phone.get(link).text)
        finally:
            service.kill()
        log = (tmp_path / "service.log").read_text(encoding="utf-8")
        assert "a one-tap link was used" in log
        assert link.rpartition("/")[2] not in log
