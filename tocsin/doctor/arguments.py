"""Thinks. The arguments of `tocsin doctor`: apart from it, since every command reads them and few run it."""

import argparse
from pathlib import Path

from tocsin.doctor.finding import LANGUAGES

PASSWORD = (
    "TOCSIN_DOCTOR_PASSWORD"  # of the device in --as-device: an argument would show in the list of processes
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="the findings as JSON, in both languages")
    parser.add_argument("--language", choices=LANGUAGES, help="default: the terminal's")
    parser.add_argument(
        "--queue", type=int, default=2000, metavar="N", help="messages that the broker must keep (2000)"
    )
    parser.add_argument(
        "--as-device",
        metavar="ID",
        help=f"also try what this device's account may do; password in {PASSWORD}",
    )
    parser.add_argument(
        "--restart", action="store_true", help="see whether messages outlive a restart of the broker, by you"
    )
    parser.add_argument("--broker-file", type=Path, metavar="FILE", help="Mosquitto's configuration to read")
    parser.add_argument(
        "--plain-port", type=int, default=1883, metavar="PORT", help="port without TLS to look for (1883)"
    )
