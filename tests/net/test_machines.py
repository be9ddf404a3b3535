"""Whole installations over networks: orders, payload, time and reports from real servers, over links that fail.

Not its job: what needs no machine; the other files of this folder test that in namespaces.
"""

import json
import os
import re
import time
from datetime import datetime, timedelta, timezone

import pytest

from qemu.machine import Outcome
from tests.qemu.lab import BOOT_SECONDS, INSTALL_SECONDS, run, usr_differences

pytestmark = pytest.mark.machine

MACHINE = os.uname().machine
REF = f"debian/13/{MACHINE}/standard"
SERIAL = "EDGE-0042"
UUID = "5e0f6c1a-0d3b-4d57-9c8f-2f6d7b1c0042"
# A zone without summer time, 5:30 h east.
KOLKATA = timezone(timedelta(hours=5, minutes=30))
# The address that a card of ours gives itself behind a prefix: 52:54:00:1f:a1:00, as EUI-64.
EUI64 = "5054:ff:fe1f:a100"

KICKSTART = """\
lang C.UTF-8
keyboard us
{timezone}
zerombr
clearpart --all --initlabel
ignoredisk --only-use=vda
reqpart --add-boot
part / --fstype=ext4 --size=3000 --grow --encrypted
rootpw --lock
sshkey --username=root "{key}"
{network}
bootloader --append="console=ttyS0,115200"
ostreesetup --osname=debian --url={url} --ref={ref}
poweroff
{extra}
%addon com_landfall
kernel --flavour=standard
unlock --tpm2
{addon}
%end
"""


def kickstart(lab, url, network="network --bootproto=dhcp", extra="", addon="", timezone="timezone --utc Etc/UTC"):
    """Returns a kickstart's text."""
    key = lab.identity.with_suffix(".pub").read_text(encoding="ascii").strip()
    return KICKSTART.format(key=key, url=url, ref=REF, network=network, extra=extra, addon=addon, timezone=timezone)


def share_payload(site, lab, **options):
    """Starts a web server that has the image's repository at /repo/."""
    server = site.nginx(**options)
    server.share("repo", lab.artefacts.repo)
    return server


def boot_disk(lab, site, name, disks, **options):
    """Describes a machine of the site that starts from its disk."""
    return lab.machine(name, disks=disks, **{**site, **options})


def identity_options():
    """What a board of ours says of itself."""
    return {"extra": ["-smbios", f"type=1,serial={SERIAL},uuid={UUID}"]}


def wait_for_end(vm):
    """Returns the event that ends the installation, which must be a success, once the machine is off."""
    end = vm.events.wait_end(INSTALL_SECONDS)
    assert end["state"] == "done", f"the installation failed: {end}\n{vm.console.tail()}"
    assert vm.wait(60) == Outcome.POWEROFF, vm.console.tail()
    return end


def posted_events(receiver, path):
    """Returns what was POSTed to a path, event by event."""
    posts = [p for p in receiver.posts() if p["path"] == path and p["status"] == 200]
    return [json.loads(line) for post in posts for line in post["body"].splitlines() if line.startswith("{")]


def test_ipv6_alone_behind_a_vlan_with_orders_payload_and_reports_over_https(site, ca, net_lab, net_folder):
    lab, segment = net_lab, site.segment(42, has_ipv4=False)
    site.dnsmasq(segment=segment, dhcp4=False, ra=True)
    for name in ("www", "log"):
        site.name(name, segment.v6("1"))
    receiver = site.receiver(port=8000)
    www = share_payload(
        site, lab, pair=ca.server("www", "www.site.test"), client_ca=ca.cert, proxies={"/report": "http://127.0.0.1:8000"}
    )
    logs = site.rsyslogd()
    client = ca.client("machine")
    (net_folder / "token").write_text("s3cr3t-t0k3n\n", encoding="ascii")
    text = kickstart(
        lab,
        "https://www.site.test/repo",
        network="network --device=enp0s1 --vlanid=42 --interfacename=vlan42 --noipv4 --ipv6=auto --hostname=edge-42",
        extra="logging --host=log.site.test",
        addon="report --url=https://www.site.test/report --token=token",
    )
    (www.root / "ks").mkdir()
    (www.root / "ks" / f"{SERIAL}-52:54:00:1f:a1:00.ks").write_text(text, encoding="utf-8")
    iso = net_folder / "site.iso"
    seed = [lab.artefacts.landfall, "iso", "seed", "--ca", ca.cert, "--cert", client.cert, "--key", client.key]
    seed += ["--ks-url", "https://www.site.test/ks/{serial}-{mac}.ks", "--file", f"token={net_folder / 'token'}"]
    seed += ["--append", "landfall.events=ttyS1 vlan=vlan42:enp0s1 ip=vlan42:auto6"]
    run([str(word) for word in [*seed, lab.artefacts.boot_iso, iso]])

    disks, options = [lab.disk(size=10 << 30)], {**site.machine_options("vm", modes=["trunk"]), **identity_options()}
    with lab.machine("install", iso=str(iso), disks=disks, no_reboot=True, **options) as vm:
        end = wait_for_end(vm)
        events = vm.events.all()
    assert end["machine"]["serial"] == SERIAL
    assert any(e["step"] == "network.up" and e["state"] == "done" for e in events)

    received = posted_events(receiver, "/report")
    posts = [p for p in receiver.posts() if p["path"] == "/report"]
    assert all(p["headers"]["authorization"] == "Bearer s3cr3t-t0k3n" for p in posts)
    assert sum(p["bytes"] for p in posts) < 64 << 10, "reports of an installation take less than 64 KiB"
    final = [e for e in received if e["step"] == "install" and e["state"] == "done"]
    assert len(final) == 1 and final[0]["data"]["commit"] == end["data"]["commit"]
    assert_signed(final[0], ca, net_folder)
    messages = logs.messages()
    assert any("payload.pull" in m["data"] or m["msgid"] == "payload.pull" for m in messages), messages[:3]
    assert all(m["version"] == "1" for m in messages)

    with boot_disk(lab, options, "boot", disks) as vm:
        shell = site.shell(lab, vm, segment.v6(EUI64))
        assert shell.run("hostname") == "edge-42"
        state = json.loads(shell.run("networkctl --json=short status vlan42"))
        assert state["OnlineState"] == "online" and "landfall" in state["NetworkFile"], state
        assert shell.run("ip -4 -o addr show scope global") == ""
        assert usr_differences(lab, shell, REF) == [], "the installed /usr is not the commit's"
        deadline = time.monotonic() + BOOT_SECONDS
        while not any(e["step"] == "system.booted" for e in posted_events(receiver, "/report")):
            assert time.monotonic() < deadline, shell.run("journalctl -u landfall-report --no-pager", check=False)
            time.sleep(1)
        assert shell.run("systemctl is-system-running --wait", check=False)[1].strip() == "running", shell.run(
            "systemctl --failed --no-legend", check=False
        )


def assert_signed(final, ca, folder):
    """The report is signed with the client's key, and says what the event says."""
    signed, report = folder / "signed.pem", folder / "report.json"
    signed.write_text(final["data"]["signed"], encoding="ascii")
    verify = ["openssl", "cms", "-verify", "-inform", "PEM", "-in", signed, "-CAfile", ca.cert, "-purpose", "any"]
    run([str(word) for word in [*verify, "-out", report]])
    event = json.loads(report.read_text(encoding="utf-8"))
    assert event["data"]["commit"] == final["data"]["commit"] and event["machine"] == final["machine"]


def hardware_clock(vm):
    """Returns what a machine's hardware clock shows, taken for local time of KOLKATA."""
    shown = vm.qmp.command("qom-get", path="/machine", property="rtc-time")
    words = [shown[f"tm_{word}"] for word in ("year", "mon", "mday", "hour", "min", "sec")]
    return datetime(words[0] + 1900, words[1] + 1, *words[2:], tzinfo=KOLKATA)


def cut(site, vm, port, index):
    """Takes a link away, as a switch that loses its power does."""
    site.wire.down(port)
    vm.qmp.command("set_link", name=f"net{index}", up=False)


def restore(site, vm, port, index):
    """Gives it back."""
    site.wire.up(port)
    vm.qmp.command("set_link", name=f"net{index}", up=True)


def wait_for_pull(vm, percent):
    """Waits until the pull has come so far."""
    vm.events.wait(lambda e: e["step"] == "payload.pull" and e.get("percent", 0) >= percent, INSTALL_SECONDS, "pull")


def test_a_bond_loses_a_link_and_then_both_for_a_minute_on_a_machine_of_1970(site, ca, net_lab, net_folder):
    lab = net_lab
    site.dnsmasq(dhcp4=True)
    site.chronyd()
    share_payload(site, lab, pair=ca.server("www", "www.site.test"))
    text = kickstart(
        lab,
        "https://www.site.test/repo",
        network="network --device=bond0 --bondslaves=enp0s1,enp0s2 --bondopts=mode=active-backup,miimon=100 --bootproto=dhcp",
        extra="timesource --ntp-server=ntp.site.test",
        timezone="timezone Asia/Kolkata",
    )
    iso = lab.seed(text, "--ca", str(ca.cert), iso=lab.artefacts.boot_iso)
    disks, options = [lab.disk(size=10 << 30)], site.machine_options("a", "b")
    # A machine that powered off can still be asked for its hardware clock.
    clock = {"extra": ["-rtc", "base=1970-01-01T00:00:10", "-no-shutdown"]}
    site.wire.shape(rate_mbit=100)
    with lab.machine("install", iso=str(iso), disks=disks, no_reboot=True, **options, **clock) as vm:
        wait_for_pull(vm, 20)
        cut(site, vm, "a", 0)
        wait_for_pull(vm, 40)
        cut(site, vm, "b", 1)
        time.sleep(60)
        restore(site, vm, "a", 0)
        end = vm.events.wait_end(INSTALL_SECONDS)
        assert end["state"] == "done", f"the installation failed: {end}\n{vm.console.tail()}"
        assert vm.qmp.wait_event("SHUTDOWN", 60), vm.console.tail()
        assert abs(hardware_clock(vm) - datetime.now(KOLKATA)) < timedelta(seconds=90)
        vm.quit()
        starts = [e for e in vm.events.all() if e["step"] == "install" and e["state"] == "started"]
    assert len(starts) == 1, "the installation began again"
    assert end["data"]["clock"] == "ntp", end["data"]
    site.wire.shape()
    local = datetime.now(KOLKATA).strftime("%Y-%m-%dT%H:%M:%S")
    with boot_disk(lab, {**options, "extra": ["-rtc", f"base={local}"]}, "boot", disks) as vm:
        restore(site, vm, "b", 1)
        shell = site.shell(lab, vm, leased_address(site))
        assert "active-backup" in shell.run("cat /sys/class/net/bond0/bonding/mode")
        assert sorted(shell.run("cat /sys/class/net/bond0/bonding/slaves").split()) == ["enp0s1", "enp0s2"]
        assert abs(int(shell.run("date +%s")) - time.time()) < 60
        assert shell.run("date +%z") == "+0530"
        assert "RTC in local TZ: yes" in shell.run("timedatectl")


def leased_address(site):
    """Returns the address that the site's DHCP server gave last."""
    leases = sorted(site.folder.glob("dnsmasq-*.leases"))
    lines = [line.split() for path in leases for line in path.read_text(encoding="ascii").splitlines()]
    return max((line for line in lines if len(line) > 3), key=lambda line: int(line[0]))[2]


# As the shipped profile edge-network.ks has it, with LACP.
LACP_NETWORK = (
    "network --device=bond0 --bondslaves=enp0s1,enp0s2 --bondopts=mode=802.3ad,lacp_rate=fast,xmit_hash_policy=layer3+4"
    " --vlanid=42 --bootproto=static --ip=10.77.42.20 --netmask=255.255.255.0 --gateway=10.77.42.1"
    " --ipv6=fd77:42::20/64 --ipv6gateway=fd77:42::1 --nameserver=10.77.42.1,fd77:42::1 --activate"
)
LACP_CARDS = ("enp0s1", "enp0s2")


def lacp_options(site):
    """A machine with two cards at one aggregated link of the switch. LACP needs to know how fast a card is, which those
    of QEMU do not say by themselves. What LACP itself says has no tag, so the trunk takes that, too."""
    cards = site.machine_options("a", "b", modes=["trunk:1", "lag:1"])
    return {**cards, "extra": ["-global", "virtio-net-pci.speed=1000", "-global", "virtio-net-pci.duplex=full"]}


def assert_aggregated(shell):
    """Both links carry, the partner agrees, and the VLAN on them has the addresses of LACP_NETWORK."""
    read = "cat /proc/net/bonding/bond0"
    # One link is enough for a login; the partner of the other one may have a second left.
    shell.run(f"for i in $(seq 60); do {read} | grep -q 'Number of ports: 2' && break; sleep 0.5; done")
    bond = shell.run(read)
    assert "Bonding Mode: IEEE 802.3ad" in bond and "Number of ports: 2" in bond, bond
    assert sorted(re.findall(r"^Slave Interface: (\S+)$", bond, re.M)) == list(LACP_CARDS), bond
    partners = [int(state) for state in re.findall(r"partner lacp pdu:.*?port state: (\d+)", bond, re.S)]
    # Aggregating, in sync, collecting, distributing. Source: IEEE 802.1AX-2014, 6.4.2.3.
    assert len(partners) == 2 and all(state & 0x3C == 0x3C for state in partners), bond
    (link,) = json.loads(shell.run("ip -json -details address show dev bond0.42"))
    assert link["link"] == "bond0" and link["linkinfo"]["info_data"]["id"] == 42, link
    addresses = {f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"] if a["scope"] == "global"}
    assert addresses == {"10.77.42.20/24", "fd77:42::20/64"}, link
    for family, gateway in (("-4", "10.77.42.1"), ("-6", "fd77:42::1")):
        (route,) = json.loads(shell.run(f"ip {family} -json route show default"))
        assert (route["gateway"], route["dev"]) == (gateway, "bond0.42"), route


def test_behind_a_proxy_on_lacp_with_a_dead_mirror_and_no_report_server_and_again_from_the_persistent_partition(
    site, ca, net_lab, net_folder
):
    lab, segment = net_lab, site.segment(42)
    site.dnsmasq(segment=segment, dhcp4=False)
    # The proxy looks up names where it stands.
    site.namespace.nameservers(segment.v4(1))
    for name in ("proxy", "report"):
        site.name(name, segment.v4(1), segment.v6("1"))
    site.tinyproxy()
    share_payload(site, lab, pair=ca.server("far", "192.0.2.10"), where=site.outside())
    text = kickstart(
        lab,
        "https://192.0.2.10:4430/repo",
        network=LACP_NETWORK,
        addon="mirror --url=https://192.0.2.10/repo\nreport --url=http://report.site.test:8000/report\npersist --size=1500",
    )
    seeds = ["--ca", str(ca.cert), "--proxy", "http://proxy.site.test:8888"]
    iso = lab.seed(text, *seeds, iso=lab.artefacts.boot_iso)
    disks, options = [lab.disk(size=12 << 30)], lacp_options(site)
    with lab.machine("install", iso=str(iso), disks=disks, no_reboot=True, **options) as vm:
        first = wait_for_end(vm)
    receiver = site.receiver(port=8000)
    with boot_disk(lab, options, "boot", disks) as vm:
        shell = site.shell(lab, vm, segment.v4(20))
        assert_aggregated(shell)
        deadline = time.monotonic() + BOOT_SECONDS
        while not any(e["step"] == "system.booted" for e in posted_events(receiver, "/report")):
            assert time.monotonic() < deadline, shell.run("journalctl -u landfall-report --no-pager", check=False)
            time.sleep(1)
        received = posted_events(receiver, "/report")
        assert [e["seq"] for e in received] == sorted({e["seq"] for e in received}), "an event came twice or out of order"
        assert any(e["step"] == "payload.pull" and e["state"] == "done" for e in received)
        shell.run("cat >/root/ca.pem", text=ca.cert.read_text(encoding="ascii"))
        access = "--ca /root/ca.pem --proxy http://proxy.site.test:8888"
        shell.run(f"landfall-installer prestage {access} https://192.0.2.10/repo {REF}", timeout=900)
        shell.run("echo kept >/var/lib/landfall/persist/mine; sync; poweroff", check=False)
        assert vm.wait(BOOT_SECONDS) == Outcome.POWEROFF, vm.console.tail()

    # Both cables are out: a bond without carrier is no reason to refuse what needs no server.
    second = reinstall(site, lab, "again", iso, disks, cables=(), **options)
    assert second["data"]["commit"] == first["data"]["commit"]

    damage_persist(disks[0].path)
    third = reinstall(site, lab, "damaged", iso, disks, **options)
    assert third["data"]["commit"] == first["data"]["commit"]
    with boot_disk(lab, options, "last", disks) as vm:
        shell = site.shell(lab, vm, segment.v4(20))
        assert_aggregated(shell)
        assert shell.run("cat /var/lib/landfall/persist/mine") == "kept"


def reinstall(site, lab, name, iso, disks, cables=("a", "b"), **options):
    """Installs once more on the same disk, with those of the two cables plugged in, and returns the last event."""
    with lab.machine(name, iso=str(iso), disks=disks, no_reboot=True, **options) as vm:
        for index, port in enumerate(("a", "b")):
            (restore if port in cables else cut)(site, vm, port, index)
        return wait_for_end(vm)


def damage_persist(path):
    """Changes a byte in a file object of the prestaged repository."""
    table = json.loads(run(["/sbin/sfdisk", "--json", str(path)]))["partitiontable"]
    part = next(p for p in table["partitions"] if p.get("name") == "landfall-persist")
    offset = part["start"] * table.get("sectorsize", 512)
    target = f"{path}?offset={offset}"
    objects = [
        f"/repo/objects/{prefix}/{name}"
        for prefix in debugfs(target, "ls -p /repo/objects").replace("\n", "/").split("/")
        if re.fullmatch("[0-9a-f]{2}", prefix)
        for name in re.findall(r"[0-9a-f]{62}\.filez", debugfs(target, f"ls -p /repo/objects/{prefix}"))
    ]
    assert len(objects) > 1000, "there is no prestaged repository"
    block = int(debugfs(target, f"blocks {objects[len(objects) // 2]}").split()[0])
    size = int(re.search(r"Block size:\s+(\d+)", debugfs(target, "stats -h")).group(1))
    with open(path, "r+b") as image:
        image.seek(offset + block * size + 64)
        byte = image.read(1)[0]
        image.seek(-1, os.SEEK_CUR)
        image.write(bytes([byte ^ 0xFF]))


def debugfs(target, command):
    """Asks the file system in an image."""
    return run(["/sbin/debugfs", "-R", command, target])


def test_no_answer_to_dhcp_is_told_and_heals_by_itself(site, ca, net_lab):
    lab = net_lab
    share_payload(site, lab, pair=ca.server("www", "www.site.test"))
    text = kickstart(lab, "https://www.site.test/repo")
    iso = lab.seed(
        text, "--ca", str(ca.cert), "--append", "rd.net.timeout.dhcp=15 rd.net.timeout.carrier=10", iso=lab.artefacts.boot_iso
    )
    options = {**site.machine_options("vm"), "disks": [lab.disk(size=10 << 30)]}
    with lab.machine("install", iso=str(iso), no_reboot=True, **options) as vm:
        failed = vm.events.wait_end(INSTALL_SECONDS)
        assert failed["state"] == "failed" and failed["error"]["class"] == "network", failed
        assert failed["next"] == "retry" and "enp0s1" in failed["error"]["message"], failed
        site.dnsmasq(dhcp4=True)
        vm.events.wait(lambda e: e["step"] == "payload.open" and e["state"] == "done", INSTALL_SECONDS, "payload.open")
        vm.quit()


def test_a_clock_of_2099_is_not_believed_and_set_from_the_server_when_there_is_no_other_time(site, ca, net_lab):
    """The server speaks IPv6 and HTTPS alone, and is away at first: the next start still knows that the clock is not right."""
    lab = net_lab
    site.dnsmasq(dhcp4=True, ra=True, extra=["no-ping"])
    site.name("www", site.segment().v6(1))
    www = share_payload(site, lab, pair=ca.server("www", "www.site.test"), has_http=False)
    (www.root / "site.ks").write_text(kickstart(lab, "https://www.site.test/repo"), encoding="utf-8")
    www.stop()
    iso = lab.folder / "site.iso"
    seed = [lab.artefacts.landfall, "iso", "seed", "--ca", ca.cert, "--ks-url", "https://www.site.test/site.ks"]
    run([str(word) for word in [*seed, "--append", "landfall.events=ttyS1", lab.artefacts.boot_iso, iso]])
    clock = {"extra": ["-rtc", "base=2099-06-01T00:00:00"]}
    options = {**site.machine_options("vm"), **clock, "disks": [lab.disk(size=10 << 30)]}
    with lab.machine("install", iso=str(iso), no_reboot=True, **options) as vm:
        failed = vm.events.wait_end(INSTALL_SECONDS)
        assert failed["error"]["class"] == "network" and failed["next"] == "retry", failed
        www.start()
        event = vm.events.wait(lambda e: e["step"] == "clock.set" and e["state"] == "done", INSTALL_SECONDS, "clock.set")
        assert event["data"]["source"] == "http", event
        vm.events.wait(lambda e: e["step"] == "payload.open" and e["state"] == "done", INSTALL_SECONDS, "payload.open")
        vm.quit()


