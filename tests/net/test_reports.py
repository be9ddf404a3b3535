"""Reports over a network: the real programs, a receiver that keeps what it gets, a real log server.

tests/net/install.jsonl is the log of a whole installation, as the installer wrote it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from tests.net.servers import Server, wait_for

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "event.schema.json").read_text(encoding="utf-8"))
VALID = jsonschema.Draft202012Validator(SCHEMA)
INSTALL = [json.loads(line) for line in (ROOT / "tests/net/install.jsonl").read_text(encoding="utf-8").splitlines()]
BOOT_ID = INSTALL[0]["boot_id"]
TOKEN = "site-7.secret"
PORT = 8443
KIB = 1 << 10
# As large as a log becomes.
LOG = ("what the installer wrote\n" * (4 << 20))[: 4 << 20]


class Receiver(Server):
    """qemu/receiver, in the site."""

    tcp = (PORT,)

    def __init__(self, site, *, token=TOKEN, pair=None, client_ca=None):
        super().__init__(site, "reports")
        self.out, self.token, self.pair, self.client_ca = site.folder / "reports.jsonl", token, pair, client_ca

    def argv(self):
        argv = [sys.executable, ROOT / "qemu" / "receiver", "--port", PORT, "--out", self.out]
        if self.token:
            (self.folder / "server.token").write_text(self.token + "\n", encoding="ascii")
            argv += ["--token-file", self.folder / "server.token"]
        argv += ["--cert", self.pair.cert, "--key", self.pair.key] if self.pair else []
        return argv + (["--client-ca", self.client_ca] if self.client_ca else [])

    def events(self):
        """What was kept; each follows docs/event.schema.json."""
        events = [json.loads(line) for line in self.out.read_text().splitlines()] if self.out.exists() else []
        for event in events:
            VALID.validate(event)
        return events

    def logs(self):
        """The installers' logs that came."""
        return [path.read_text() for path in sorted(self.folder.glob("installer-*.log"))]


@pytest.fixture
def receiver(site):
    """A receiver without TLS."""
    with Receiver(site) as new:
        yield new


def left_over(site, url, *, events=None, token=TOKEN, files=(), **config):
    """What the installer leaves on an installed system; returns its folder."""
    folder = site.folder / "data" / "report"
    folder.mkdir(parents=True)
    lines = [json.dumps(event, separators=(",", ":")) + "\n" for event in (INSTALL if events is None else events)]
    (folder / "events.jsonl").write_text("".join(lines), encoding="utf-8")
    for name, path in files:
        (folder / name).write_bytes(Path(path).read_bytes())
    config |= {"v": 1, "machine": {"serial": "S 1", "uuid": "u-1", "mac": "52:54:00:12:34:56"}}
    if url:
        (folder / "token").write_text(token, encoding="ascii")
        config["url"] = url
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def plain_url(site):
    return f"http://{site.segment().v4(1)}:{PORT}/edge"


def deliver(box, build, folder, check=True):
    """Runs the verb to its end."""
    return box.run(build / "landfall-installer", "deliver", f"--dir={folder}", check=check, timeout=90)


def numbers(events):
    return [event["seq"] for event in events if event["boot_id"] == BOOT_ID]


def wanted_numbers():
    """All of a log but the progress between the tenths."""
    wanted, step, tenth = [], None, 0
    for event in INSTALL:
        if event["state"] == "progress":
            if event["step"] != step:
                step, tenth = event["step"], 0
            if event.get("percent", 0) // 10 <= tenth:
                continue
            tenth = event["percent"] // 10
        wanted.append(event["seq"])
    return wanted


def test_a_log_arrives_whole_over_tls_with_less_than_64_kib(site, ca, build):
    server, client = ca.server("report", "report.site.test"), ca.client("edge-1")
    site.dnsmasq()
    with Receiver(site, pair=server, client_ca=ca.cert) as receiver:
        box = site.client("box")
        files = [("ca.pem", ca.cert), ("client.pem", client.cert), ("client.key", client.key)]
        folder = left_over(site, f"https://report.site.test:{PORT}/edge", files=files, pin=server.pin)
        before = site.wire.stats()["box"]
        done = deliver(box, build, folder)
        after = site.wire.stats()["box"]
        events = receiver.events()
    assert numbers(events) == wanted_numbers()
    booted = events[-1]
    assert (booted["step"], booted["state"], booted["machine"]["serial"]) == ("system.booted", "done", "S 1")
    assert booted["data"]["kernel"] and booted["boot_id"] != BOOT_ID
    assert not folder.exists()
    assert TOKEN not in done.stdout + done.stderr
    # All of it, both ways: names, handshakes, acknowledgements.
    traffic = sum(after[way] - before[way] for way in ("in_bytes", "out_bytes"))
    print(f"{traffic} bytes on the wire for {len(INSTALL)} events, {len(events)} of them sent")
    assert traffic < 64 * KIB


def test_headers_say_who_speaks_and_for_whom(site, build):
    sink = site.receiver(port=PORT)
    box = site.client("box")
    deliver(box, build, left_over(site, f"http://{site.segment().v4(1)}:{PORT}/report"))
    posts = sink.posts()
    assert len(posts) >= 2
    for post in posts:
        assert post["headers"]["authorization"] == f"Bearer {TOKEN}"
        assert post["headers"]["content-type"] == "application/x-ndjson"
        assert len(post["body"]) <= 16 * KIB
        assert all(json.loads(line)["v"] == 1 for line in post["body"].splitlines())
    last = posts[-1]["headers"]
    assert (last["x-landfall-serial"], last["x-landfall-uuid"]) == ("S 1", "u-1")
    assert last["x-landfall-mac"] == "52:54:00:12:34:56"


def test_a_server_that_is_down_gets_all_when_it_is_back(site, build):
    receiver = Receiver(site)
    box = site.client("box")
    folder = left_over(site, plain_url(site))
    process = box.popen(build / "landfall-installer", "deliver", f"--dir={folder}")
    time.sleep(3)
    assert process.poll() is None
    with receiver:
        assert process.wait(30) == 0
        assert numbers(receiver.events()) == wanted_numbers()


def test_a_server_that_hangs_in_the_middle_gets_each_event_once(site, build, receiver):
    box = site.client("box")
    folder = left_over(site, plain_url(site))
    receiver.cut()
    process = box.popen(build / "landfall-installer", "deliver", f"--dir={folder}")
    # Longer than a request may take: it is given up and made again, and the first one arrives all the same.
    time.sleep(20)
    receiver.restore()
    assert process.wait(60) == 0
    assert numbers(receiver.events()) == wanted_numbers()


def test_a_link_that_is_lost_loses_nothing(site, build, receiver):
    box = site.client("box")
    site.wire.down("box")
    folder = left_over(site, plain_url(site))
    process = box.popen(build / "landfall-installer", "deliver", f"--dir={folder}")
    time.sleep(3)
    site.wire.up("box")
    assert process.wait(60) == 0
    assert numbers(receiver.events()) == wanted_numbers()


def test_a_server_that_fails_now_and_then_is_asked_again(site, build):
    sink = site.receiver(port=PORT)
    box = site.client("box")
    deliver(box, build, left_over(site, f"http://{site.segment().v4(1)}:{PORT}/flaky/3/report"))
    posts = sink.posts()
    assert [post["status"] for post in posts][:4] == [503, 503, 503, 200]
    kept = [json.loads(line) for post in posts if post["status"] == 200 for line in post["body"].splitlines()]
    assert numbers(kept) == wanted_numbers()


def test_a_portal_takes_no_report_and_the_server_behind_it_gets_all(site, build):
    box = site.client("box")
    folder = left_over(site, plain_url(site))
    portal = site.receiver(port=PORT, is_portal=True, name="portal")
    process = box.popen(build / "landfall-installer", "deliver", f"--dir={folder}")
    wait_for(lambda: len(portal.posts()) >= 2, 20)
    assert process.poll() is None
    assert not (folder / "reported").exists()
    portal.stop()
    with Receiver(site) as receiver:
        assert process.wait(60) == 0
        assert numbers(receiver.events()) == wanted_numbers()


def test_a_wrong_token_ends_it_and_everything_stays(site, build, receiver):
    box = site.client("box")
    folder = left_over(site, plain_url(site), token="another")
    done = deliver(box, build, folder, check=False)
    assert done.returncode == 2 and "401" in done.stderr
    assert "another" not in done.stderr
    assert receiver.events() == []
    (folder / "token").write_text(TOKEN, encoding="ascii")
    deliver(box, build, folder)
    events = receiver.events()
    assert numbers(events) == wanted_numbers()
    assert [event["step"] for event in events].count("system.booted") == 1


def test_after_a_day_of_refusals_events_stay_and_secrets_do_not(site, ca, build, receiver):
    box = site.client("box")
    client = ca.client("edge-1")
    files = [("client.pem", client.cert), ("client.key", client.key)]
    folder = left_over(site, plain_url(site), token="another", files=files)
    (folder / "refusals").write_text("48\n")
    assert deliver(box, build, folder, check=False).returncode == 2
    assert (folder / "token").exists() and (folder / "client.key").exists()
    assert deliver(box, build, folder, check=False).returncode == 2
    assert [path.name for path in folder.iterdir()] == ["refused.jsonl"]
    kept = [json.loads(line) for line in (folder / "refused.jsonl").read_text().splitlines()]
    assert kept[:-1] == INSTALL and kept[-1]["step"] == "system.booted"
    assert receiver.events() == []


def test_a_certificate_that_is_not_ours_gets_nothing(site, ca, build, tmp_path):
    from qemu.pki import Ca

    site.dnsmasq()
    stranger = Ca(tmp_path / "stranger", "stranger")
    with Receiver(site, pair=stranger.server("report", "report.site.test")) as receiver:
        box = site.client("box")
        folder = left_over(site, f"https://report.site.test:{PORT}/", files=[("ca.pem", ca.cert)])
        process = box.popen(build / "landfall-installer", "deliver", f"--dir={folder}")
        time.sleep(4)
        assert process.poll() is None
        process.kill()
        process.wait()
        assert receiver.events() == []


def test_kills_in_the_middle_lose_nothing_and_what_comes_twice_is_kept_once(site, build, receiver):
    box = site.client("box")
    many = [dict(event, seq=event["seq"] + round_ * 1000) for round_ in range(40) for event in INSTALL]
    folder = left_over(site, plain_url(site), events=many)
    site.wire.shape(delay_ms=5, rate_mbit=20)
    kills = 0
    while folder.exists() and kills < 20:
        process = box.popen(build / "landfall-installer", "deliver", f"--dir={folder}")
        try:
            process.wait(0.1 + kills % 7 * 0.03)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
    assert kills >= 2, "the network was too fast for this test"
    if folder.exists():
        deliver(box, build, folder)
    got = numbers(receiver.events())
    assert len(got) == len(set(got))
    # Progress thins out anew after a kill: what must be there, in order, is everything else.
    must = [event["seq"] for event in many if event["state"] != "progress"]
    assert [number for number in got if number in set(must)] == must


# --- the installer itself -------------------------------------------------------------------------

KICKSTART = """\
ostreesetup --osname=debian --url=file:///nowhere --ref=debian/13/x86_64/standard
clearpart --all
reqpart --add-boot
part / --fstype=ext4 --grow --size=2048
rootpw --lock
{logging}
%addon com_landfall
{report}
%end
"""


def machine(site, *, report="", logging="", has_init=True):
    """A folder that stands for a machine's root, with landfall-init at work."""
    root = site.folder / "data" / "root"
    for name in ("run/landfall", "proc/sys/kernel/random", "landfall/seed", "dev", "usr/lib/landfall"):
        (root / name).mkdir(parents=True)
    (root / "usr/lib/landfall/dhcpcd-hook").symlink_to(ROOT / "image/files/dhcpcd-hook")
    if has_init:
        (root / "run/landfall/init").write_text("test\n")
        (root / "run/landfall/devices").write_text("")
    (root / "run/landfall/installer.log").write_text(LOG)
    (root / "proc/sys/kernel/random/boot_id").write_text("11111111-2222-3333-4444-555555555555\n")
    (root / "landfall/seed/report.token").write_text(TOKEN + "\n")
    (root / "landfall/seed/site.ks").write_text(KICKSTART.format(report=report, logging=logging))
    return root


def install(box, build, root):
    """Runs an installation that is refused: there is no payload."""
    return box.run(build / "landfall-installer", "install", f"--root={root}", check=False, timeout=120)


def test_a_failed_installation_is_told_with_its_log(site, build, receiver):
    box = site.client("box")
    root = machine(site, report=f"report --url={plain_url(site)} --token=report.token")
    (root / "run/landfall/attempt").write_text("4 0\n")
    done = install(box, build, root)
    assert done.returncode != 0
    events = receiver.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert (events[0]["step"], events[0]["state"]) == ("install", "started")
    last = [event for event in events if event["step"] == "install"][-1]
    assert last["state"] == "failed" and last["error"]["class"] and last["data"]["version"]
    written = (root / "run/landfall/events.jsonl").read_text().splitlines()
    assert [json.loads(line)["seq"] for line in written][: len(events)] == [event["seq"] for event in events]
    assert TOKEN not in "".join(written)
    assert last["next"] == "poweroff"
    # The whole log, as landfall-init wrote it.
    assert receiver.logs() == [LOG]


def damaged_payload(site):
    """A repository whose ref leads nowhere: an error of the class trust."""
    repo = site.folder / "data" / "repo"
    subprocess.run(["ostree", f"--repo={repo}", "init", "--mode=archive"], check=True)
    head = repo / "refs/heads/debian/13/x86_64/standard"
    head.parent.mkdir(parents=True)
    head.write_text("ab" * 32 + "\n", encoding="ascii")
    return f"file://{repo}"


# Words of the profile, of the command line; number of this start; the error's class; what is left for landfall-init, and
# what the installer says will follow.
AFTER_FAILURE = [
    ("", "", 1, "trust", "", "retry"),
    ("", "", 4, "trust", "", "poweroff"),
    ("", "", 3, "target", "", "retry"),
    ("", "", 4, "target", "", "poweroff"),
    ("onfailure --reboot", "", 1, "trust", "reboot", "retry"),
    ("onfailure --reboot", "", 4, "target", "reboot", "reboot"),
    ("onfailure --reboot --retry=0", "", 1, "trust", "reboot retry=0", "reboot"),
    ("onfailure --poweroff --retry=1", "", 1, "target", "poweroff retry=1", "retry"),
    ("onfailure --poweroff --retry=1", "", 2, "trust", "poweroff retry=1", "poweroff"),
    ("onfailure --reboot --retry=9", "", 9, "target", "reboot retry=9", "retry"),
    ("onfailure --poweroff", "landfall.onfailure=reboot", 4, "target", "poweroff", "poweroff"),
    ("", "landfall.onfailure=halt", 4, "target", "", "halt"),
    ("", "landfall.onfailure=reboot", 4, "trust", "", "reboot"),
]
STATUS = {"trust": 5, "target": 4}


# The path of the test's folder stands in the kickstart, where a row's own words could not.
@pytest.mark.parametrize("words, cmdline, attempt, error_class, left, following", AFTER_FAILURE,
                         ids=map(str, range(len(AFTER_FAILURE))))
def test_what_follows_a_failure_is_the_rule_of_profile_class_and_command_line(
    site, build, receiver, words, cmdline, attempt, error_class, left, following
):
    box = site.client("box")
    root = machine(site, report=f"report --url={plain_url(site)} --token=report.token\n{words}")
    kickstart = root / "landfall/seed/site.ks"
    if error_class == "trust":
        kickstart.write_text(kickstart.read_text().replace("file:///nowhere", damaged_payload(site)))
    (root / "proc/cmdline").write_text(f"{cmdline}\n")
    (root / "run/landfall/attempt").write_text(f"{attempt} 0\n")
    done = install(box, build, root)
    last = receiver.events()[-1]
    assert (last["step"], last["state"], last["next"]) == ("install", "failed", following)
    assert last["error"]["class"] == error_class and done.returncode == STATUS[error_class]
    assert (root / "run/landfall/onfailure").read_text() == f"{left}\n"
    # Only after the last try somebody has to look.
    assert len(receiver.logs()) == (0 if following == "retry" else 1)


def test_what_a_start_could_not_tell_the_next_one_does(site, build):
    box = site.client("box")
    root = machine(site, report=f"report --url={plain_url(site)} --token=report.token")
    begin = time.monotonic()
    install(box, build, root)
    # Nobody listened: the installer waited a while for somebody to come, and then went on.
    assert 9 < time.monotonic() - begin < 40
    with Receiver(site) as receiver:
        install(box, build, root)
        events = receiver.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["state"] for event in events if event["step"] == "install"] == ["started", "failed"] * 2
    assert any(event["step"] == "report" and "sent later" in event["message"] for event in events)


def test_a_token_that_is_not_there_is_told_and_stops_nothing(site, build, receiver):
    box = site.client("box")
    root = machine(site, report=f"report --url={plain_url(site)} --token=other.token")
    install(box, build, root)
    text = (root / "run/landfall/events.jsonl").read_text()
    assert "the token cannot be read" in text and '"state":"failed"' in text
    assert receiver.events() == []


def parameters(message):
    """The structured data of a message, as rsyslog understood it."""
    data = message["data"].strip("[]")
    name, _, rest = data.partition(" ")
    assert name == "landfall@32473"
    return dict(part.split("=", 1) for part in rest.replace('" ', '"\0').split("\0"))


def test_a_log_server_understands_every_event(site, build):
    log = site.rsyslogd()
    site.dnsmasq()
    box = site.client("box")
    root = machine(site, logging="logging --host=log.site.test\nnetwork --hostname=edge-7")
    install(box, build, root)
    written = [json.loads(line) for line in (root / "run/landfall/events.jsonl").read_text().splitlines()]
    messages = wait_for(lambda: log.messages() if len(log.messages()) >= len(written) else None, 15)
    assert len(messages) == len(written)
    for event, message in zip(written, messages):
        fields = parameters(message)
        assert (message["version"], message["host"], message["app"]) == ("1", "edge-7", "landfall")
        assert message["msgid"] == event["step"][:32]
        assert fields["boot_id"] == f'"{event["boot_id"]}"' and fields["seq"] == f'"{event["seq"]}"'
        assert (fields["step"], fields["state"]) == (f'"{event["step"]}"', f'"{event["state"]}"')
        assert message["severity"] == {"failed": "err", "note": "notice"}.get(event["state"], "info")
        assert (event["title"]) in message["message"]
        assert "\n" not in message["message"].strip()


def test_a_log_server_that_comes_late_gets_each_event_once(site, build):
    site.dnsmasq()
    box = site.client("box")
    root = machine(site, logging="logging --host=log.site.test")
    install(box, build, root)
    log = site.rsyslogd()
    install(box, build, root)
    written = (root / "run/landfall/events.jsonl").read_text().splitlines()
    messages = wait_for(lambda: log.messages() if len(log.messages()) >= len(written) else None, 15)
    assert [parameters(message)["seq"] for message in messages] == [f'"{n}"' for n in range(1, len(written) + 1)]


def logged_numbers(log):
    """Of the installation's messages, in order."""
    fields = [parameters(message) for message in log.messages()]
    return [int(field["seq"].strip('"')) for field in fields if field["boot_id"] == f'"{BOOT_ID}"']


def test_a_log_server_that_comes_after_the_reboot_gets_all(site, build):
    site.dnsmasq()
    box = site.client("box")
    folder = left_over(site, None, log_host="log.site.test", hostname="edge-7")
    process = box.popen(build / "landfall-installer", "deliver", f"--dir={folder}")
    time.sleep(3)
    assert process.poll() is None
    log = site.rsyslogd()
    assert process.wait(60) == 0
    booted = wait_for(lambda: [m for m in log.messages() if m["msgid"] == "system.booted"])
    assert logged_numbers(log) == wanted_numbers()
    assert len(booted) == 1 and booted[0]["host"] == "edge-7"
    assert not folder.exists()


def test_each_of_both_servers_gets_what_it_has_not_got(site, build, receiver):
    log = site.rsyslogd()
    site.dnsmasq()
    box = site.client("box")
    folder = left_over(site, plain_url(site), token="another", log_host="log.site.test")
    (folder / "reported").write_text(f"{BOOT_ID} 5\n")
    (folder / "logged").write_text(f"{BOOT_ID} 9\n")
    # The one that refuses does not hold the other.
    assert deliver(box, build, folder, check=False).returncode == 2
    wait_for(lambda: any(m["msgid"] == "system.booted" for m in log.messages()))
    assert receiver.events() == []
    (folder / "token").write_text(TOKEN, encoding="ascii")
    deliver(box, build, folder)
    assert logged_numbers(log) == [number for number in wanted_numbers() if number > 9]
    assert numbers(receiver.events()) == [number for number in wanted_numbers() if number > 5]
    assert not folder.exists()


def test_secrets_go_when_the_report_is_through_and_the_log_server_is_away(site, build, receiver):
    site.dnsmasq()
    box = site.client("box")
    folder = left_over(site, plain_url(site), log_host="log.site.test", log_port=514)
    done = deliver(box, build, folder, check=False)
    assert done.returncode == 6 and "log.site.test" in done.stderr
    assert numbers(receiver.events()) == wanted_numbers()
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "events.jsonl", "reported"]
    assert "url" not in json.loads((folder / "config.json").read_text())
    log = site.rsyslogd()
    deliver(box, build, folder)
    wait_for(lambda: logged_numbers(log) == wanted_numbers())
    assert numbers(receiver.events()) == wanted_numbers()
    assert not folder.exists()


def test_the_receiver_refuses_what_is_no_report(site, receiver):
    box = site.client("box")
    curl = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", f"Authorization: Bearer {TOKEN}"]
    events = ["-H", "Content-Type: application/x-ndjson"]
    good = '{"boot_id":"b","seq":1}\n'
    rows = [
        ([*events, "--data-binary", good], "204"),
        ([*events, "--data-binary", good], "204"),
        ([*events, "--data-binary", "{"], "400"),
        ([*events, "--data-binary", "[]\n"], "400"),
        ([*events, "--data-binary", '{"boot_id":1,"seq":1}\n'], "400"),
        ([*events, "-H", "Transfer-Encoding: chunked", "--data-binary", good], "411"),
        ([*events, "-H", "Content-Length: 9999999", "--data-binary", good], "413"),
        (["--data-binary", good], "415"),
        ([*events, "-H", "Authorization: Bearer x", "-H", "Authorization:", "--data-binary", good], "401"),
    ]
    for arguments, status in rows:
        sent = curl[:6] + arguments if status == "401" else curl + arguments
        assert box.run(*sent, plain_url(site), check=False, timeout=20).stdout == status, arguments
    assert len(receiver.out.read_text().splitlines()) == 1
