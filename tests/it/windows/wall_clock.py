"""Says of windows of time whether they are open: from what clocks show, by zoneinfo."""

import json
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

BEGIN, END = 946684800, 1735689600  # 2000 to 2025


def changes(zone):
    """Instants around which the offset is another one, to the hour."""
    found, before = [], None
    for at in range(BEGIN, END, 86400):
        offset = datetime.fromtimestamp(at, zone).utcoffset()
        if before is not None and offset != before:
            found.append(at - 43200)
        before = offset
    return found


def is_open(window, at):
    wall = datetime.fromtimestamp(at, timezone.utc).astimezone(ZoneInfo(window["zone"]))
    wall = wall.replace(tzinfo=None, fold=0)
    long = window["to"] - window["from"]
    if long <= 0:
        long += 1440
    for back in (0, 1):
        day = datetime(wall.year, wall.month, wall.day) - timedelta(days=back)
        begin = day + timedelta(minutes=window["from"])
        if day.weekday() in window["days"] and begin <= wall < begin + timedelta(minutes=long):
            return True
    return False


for line in sys.stdin:
    asked = json.loads(line)
    if asked.get("changes"):
        print(json.dumps({name: changes(ZoneInfo(name)) for name in available_timezones()}))
    else:
        print(json.dumps([is_open(asked["window"], at) for at in asked["instants"]]))
