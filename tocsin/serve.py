"""Touches. `tocsin run`: one service, from its start to the signal that ends it."""

import contextlib
import faulthandler
import gc
import signal
import sys
import threading
from collections.abc import Callable

from tocsin.config import Settings
from tocsin.run import Demo, Tocsin

NO_DEMO = Demo()
STOP = 20  # seconds for an orderly end, below systemd's patience; then the log says where it hangs


def serve(settings: Settings, ready: Callable[[Tocsin], None] | None = None, demo: Demo = NO_DEMO) -> int:
    """Run until SIGTERM or SIGINT; the exit code."""
    sys.setswitchinterval(0.0005)  # an alarm passes a dozen places where it may have to wait for a thread
    gc.disable()  # while starting, everything that is made stays
    service = Tocsin(settings, demo)
    stopped = threading.Event()
    for which in (signal.SIGTERM, signal.SIGINT):
        signal.signal(which, lambda *_: stopped.set())
    service.start()
    gc.freeze()  # the registry and the modules stay: the collector need not look at them again
    gc.set_threshold(5_000, 20, 50)
    gc.enable()
    with contextlib.suppress(OSError):  # the terminal may be a file on a full disk
        print(service.web.welcome(), flush=True)
    if ready is not None:
        ready(service)
    stopped.wait()
    # Whatever hangs (a disk, a gateway), nothing is lost by a hard end: it is what a power cut does as well.
    faulthandler.dump_traceback_later(STOP, exit=True)
    service.stop()
    faulthandler.cancel_dump_traceback_later()
    return 0
