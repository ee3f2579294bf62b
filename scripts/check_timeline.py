#!/usr/bin/env python3
"""Decode a timeline written by `spikeloom run --trace timeline` with Perfetto's own message definitions and check it.

    spikeloom run --limit 1 --trace timeline
    python3 scripts/check_timeline.py timeline.pftrace

Checks that every event has a declared track, that slices nest and no track goes back in time, that the phases of a core's
timestep sum to the timestep's ticks, and that the chip's slices follow each other without gap or overlap. Prints a summary;
exit code 1 if something is wrong.

Needs the package `perfetto`.
"""
import sys
from collections import defaultdict

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

problems = []


def check(ok, message):
    if not ok:
        problems.append(message)


def main(path):
    with open(path, "rb") as file:
        data = file.read()
    trace = Trace.FromString(data)
    # A reader silently skips fields that its definitions lack.
    check(not unknown_fields(trace), "fields that Perfetto does not define")
    tracks, open_slices, last = {}, defaultdict(list), {}
    slices, counters = defaultdict(list), defaultdict(list)
    for packet in trace.packet:
        if packet.HasField("track_descriptor"):
            track = packet.track_descriptor
            check(track.uuid not in tracks, f"track {track.uuid} is declared twice")
            check(not track.parent_uuid or track.parent_uuid in tracks, f"track {track.uuid} has no parent")
            tracks[track.uuid] = track
        if not packet.HasField("track_event"):
            continue
        event, at = packet.track_event, packet.timestamp
        uuid = event.track_uuid
        check(uuid in tracks, f"event on undeclared track {uuid}")
        check(last.get(uuid, 0) <= at, f"track {uuid} goes back to {at} ns")
        last[uuid] = at
        if event.type == TrackEvent.TYPE_SLICE_BEGIN:
            values = {a.name: a.uint_value for a in event.debug_annotations}
            open_slices[uuid].append(dict(name=event.name, begin=at, inner=0, **values))
        elif event.type == TrackEvent.TYPE_SLICE_END:
            if not open_slices[uuid]:
                check(False, f"track {uuid}: an end without a begin at {at} ns")
                continue
            own = open_slices[uuid].pop()
            own["end"] = at
            if open_slices[uuid]:
                open_slices[uuid][-1]["inner"] += own["ticks"]
            else:
                slices[uuid].append(own)
        elif event.type == TrackEvent.TYPE_COUNTER:
            check(tracks[uuid].HasField("counter"), f"a value on track {uuid}, which is no counter")
            counters[uuid].append(event.counter_value)
        else:
            check(False, f"event of type {event.type}")
    check(not any(open_slices.values()), "slices without an end")

    names = {track.name: uuid for uuid, track in tracks.items() if track.parent_uuid == 1}
    chip = slices[names["chip"]]
    # On chips synchronized by tokens the chip's track only shows reset and readout.
    if any(s["name"] == "compute" for s in chip):
        for a, b in zip(chip, chip[1:]):
            check(a["end"] == b["begin"], f"gap or overlap after {a['name']} at {a['end']} ns")
    cores = [uuid for name, uuid in names.items() if name.startswith("core")]
    for uuid in cores:
        for own in slices[uuid]:
            check(own["inner"] == own["ticks"], f"{tracks[uuid].name} {own['name']}: phases do not sum to the timestep")
    busy = {tracks[uuid].name: sum(s["ticks"] for s in slices[uuid]) for uuid in cores}
    total = chip[-1]["end"] - chip[0]["begin"] if chip else 0
    print(f"{path}: {len(data)} bytes, {len(trace.packet)} packets, {len(tracks)} tracks, {len(cores)} cores")
    print(f"duration {total} ns; timesteps of cores with work {sum(len(slices[uuid]) for uuid in cores)}")
    print(f"events taken {sum(s['events'] for uuid in cores for s in slices[uuid])}, "
          f"spikes {sum(s['spikes'] for uuid in cores for s in slices[uuid])}")
    if busy:
        busiest = max(busy, key=busy.get)
        print(f"busiest core {busiest}: {busy[busiest]} ticks in {len(slices[names[busiest]])} timesteps")
    for name in ("longest queue", "busiest link"):
        print(f"{name}: at most {max(counters[names[name]], default=0)} {tracks[names[name]].counter.unit_name}")
    for problem in problems:
        print(f"wrong: {problem}")
    return 1 if problems else 0


def unknown_fields(message):
    """Whether any part of a message has a field that its definition lacks."""
    from google.protobuf.message import Message
    from google.protobuf.unknown_fields import UnknownFieldSet

    if len(UnknownFieldSet(message)):
        return True
    for _, value in message.ListFields():
        parts = value if hasattr(value, "__len__") and not isinstance(value, (str, bytes)) else [value]
        if any(unknown_fields(part) for part in parts if isinstance(part, Message)):
            return True
    return False


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
