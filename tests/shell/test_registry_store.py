"""Touches. The registry in the database: loaded as it was given, replaced by writing only what differs."""

import pytest
from sqlalchemy import event, insert

from ingest.campus import store, tables
from ingest.campus.device import OWN, Device, Place, Zone
from ingest.campus.registry import Registry, RegistryError
from ingest.campus.store import Changes

PLACES = [
    Place("campus", "示范学校", "Demo School"),
    Place("lab", "实验楼", "Laboratory", "campus", "building"),
]
ZONES = [Zone("z1", "1区", "Zone 1")]
DEVICES = [
    Device(
        "smoke",
        "smoke_detector",
        "lab",
        zone="z1",
        owner="li-wei",
        interval=600,
        labels={"b": "2", "a": "中"},
        installed="2024-05-01",
        expires="2030-12-31",
        position=(0.25, 1.0),
    ),
    Device("gw", "gateway", "lab", dialect="zigbee2mqtt", address="bridge"),
    Device(
        "leak", "water_leak", "lab", dialect="zigbee2mqtt", address="地下室/leak 1", gateway="gw", sleepy=True
    ),
    Device("door", "door", "campus", zh="东门", en="East gate", interval=0),
]


def stored(database):
    with database.read() as conn:
        return store.load(conn)


def replace(database, places=PLACES, zones=ZONES, devices=DEVICES):
    with database.transaction() as tx:
        return store.replace(tx, Registry.build(places, zones, devices))


def test_an_empty_database_has_the_campus_and_the_service_itself(database):
    registry = stored(database)
    assert list(registry.places) == ["campus"]
    assert list(registry.devices) == [OWN]


def test_what_was_given_comes_back_the_same_and_in_the_same_order(database):
    assert replace(database) == Changes(added=7)
    registry = stored(database)
    assert list(registry.places.values()) == PLACES
    assert list(registry.zones.values()) == ZONES
    assert [device for device in registry.devices.values() if device.id != OWN] == DEVICES


def test_replacing_writes_only_what_differs(database):
    replace(database)
    writes = []

    def written(*args):
        writes.append(args[2])

    event.listen(database.engine(), "before_cursor_execute", written)
    assert replace(database) == Changes()
    event.remove(database.engine(), "before_cursor_execute", written)
    assert [sql for sql in writes if not sql.lstrip().upper().startswith(("SELECT", "BEGIN"))] == []
    moved = Device("door", "door", "lab", zh="东门", en="East gate", interval=0)
    changes = replace(database, devices=[*DEVICES[:2], moved, Device("new", "camera", "lab")])
    assert changes == Changes(added=1, changed=1, removed=1)
    assert [device.id for device in stored(database).devices.values()] == ["smoke", "gw", "door", "new", OWN]
    assert stored(database).devices["door"].place == "lab"


def test_the_service_is_stored_only_where_the_user_described_it(database):
    mine = Device(OWN, "service", "lab", zh="值班室主机")
    replace(database, devices=[mine])
    assert stored(database).devices[OWN] == mine
    replace(database, devices=[])
    assert stored(database).devices[OWN].place == "campus"


def test_parts_that_another_program_spoilt_are_named(database):
    replace(database)
    with database.transaction() as tx:
        tx.execute(insert(tables.place).values(id="x", rank=9, zh="", en="", parent="gone"))
    with pytest.raises(RegistryError, match="parent 'gone' is not a place"):
        stored(database)


def test_definitions_come_back_as_they_were_given_and_only_what_differs_is_written(database):
    first = {"mapping": {"b": {"n": 1, "on": True, "low": -0.5, "词": [None, {"x": "1"}]}, "a": {}}}
    both = {**first, "homeassistant": {"b": {"n": 1.0}}}

    def put(definitions):
        with database.transaction() as tx:
            return store.replace(tx, Registry.build(PLACES, definitions=definitions, trusted=True))

    put(first)
    assert stored(database).definitions == first
    assert list(stored(database).definitions["mapping"]) == ["b", "a"]
    assert put(both) == Changes(added=1)
    assert put(both) == Changes()
    assert stored(database).definitions == both
    assert put({"mapping": {**first["mapping"], "a": {"n": 2}}}) == Changes(changed=1, removed=1)
    assert stored(database).definitions["mapping"]["a"] == {"n": 2}
