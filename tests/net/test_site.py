"""The test network itself: what other tests rely on."""

import re
import time

import pytest

from tests.net.namespace import NetError
from tests.net.repository import REF
from tests.net.servers import ProxyUser, wait_for

MIB = 1 << 20


def lease(client, family):
    """Takes a lease as a machine does and returns what the client tells its script."""
    told, script = client.folder / f"{client.name}.lease", client.folder / "hook"
    script.write_text(f"#!/bin/sh\nenv >>{told}\n", encoding="ascii")
    script.chmod(0o755)
    client.run("dhcpcd", "-B", "--oneshot", "--timeout", "15", "--script", script, "--option", "ntp_servers", family, "eth0", timeout=30)
    return told.read_text(encoding="utf-8")


def test_names_and_leases_come_with_what_was_asked_for(site):
    server = site.dnsmasq(ntp=["10.77.0.1"], search=["site.test"], mtu=1400)
    client = site.client("box", is_configured=False)
    client.run("ip", "link", "set", "eth0", "up")
    told = lease(client, "-4")
    for line in ("new_ip_address=10.77.0.1", "new_routers=10.77.0.1", "new_ntp_servers=10.77.0.1",
                 "new_domain_search=site.test", "new_interface_mtu=1400"):
        assert line in told, told
    assert len(server.leases()) == 1
    other = site.client("other")
    assert "10.77.0.1" in other.run("getent", "ahostsv4", "www.site.test").stdout
    assert "fd77::1" in other.run("getent", "ahostsv6", "www.site.test").stdout
    site.name("late", "10.77.0.9")
    wait_for(lambda: other.run("getent", "hosts", "late.site.test", check=False).stdout.startswith("10.77.0.9"))
    site.name("late", "10.77.0.10")
    wait_for(lambda: set(re.findall(r"10\.\S+", other.run("getent", "ahostsv4", "late.site.test").stdout)) == {"10.77.0.10"})
    assert other.run("getent", "hosts", "nobody.site.test", check=False).returncode == 2
    server.stop()
    assert other.run("getent", "hosts", "www.site.test", check=False).returncode != 0


def test_a_segment_without_ipv4_gives_addresses_by_advertisement_and_by_dhcp(site):
    segment = site.segment(42, has_ipv4=False)
    server = site.dnsmasq(segment=segment, dhcp4=False, dhcp6=True, ra=True)
    box = site.client("box", vlan=42, is_configured=False)
    box.run("ip", "link", "set", "eth0", "up")
    wait_for(lambda: " proto ra" in box.run("ip", "-6", "route").stdout, 15)
    assert not re.search(r"inet 10\.", box.run("ip", "address").stdout)
    told = lease(box, "-6")
    assert "new_dhcp6_ia_na1_ia_addr1=fd77:42::1" in told, told
    server.stop()
    slaac = site.dnsmasq(segment=segment, dhcp4=False, ra=True)
    other = site.client("other", vlan=42, is_configured=False)
    other.run("ip", "link", "set", "eth0", "up")
    wait_for(lambda: re.search(r"inet6 fd77:42::\S+/64 scope global dynamic", other.run("ip", "address").stdout), 15)
    assert "RTR-ADVERT" in slaac.text()


def test_https_needs_our_authority_and_the_clients_certificate(site, ca):
    site.dnsmasq()
    www = site.nginx(pair=ca.server("www-1", "www.site.test"), client_ca=ca.cert)
    (site.www / "file").write_bytes(b"payload\n")
    box, pair = site.client("box"), ca.client("box-1")
    curl = ["curl", "-sS", "--fail", "https://www.site.test/file"]
    own = ["--cacert", ca.cert, "--cert", pair.cert, "--key", pair.key]
    assert box.run(*curl, *own).stdout == "payload\n"
    assert box.run(*curl, *own, "--pinnedpubkey", www.pair.pin).stdout == "payload\n"
    assert box.run(*curl, *own, "--pinnedpubkey", ca.client("x").pin, check=False).returncode == 90
    assert box.run(*curl, *own[2:], check=False).returncode == 60
    assert box.run(*curl, *own[:2], check=False).returncode == 22
    good = [r for r in www.requests() if r["status"] == 200]
    assert len(good) == 2 and good[0]["client"] == "CN=box-1,O=Landfall"
    late = ca.server("late", "www.site.test", begin="20200101000000Z", end="20210101000000Z")
    www.pair = late
    www.restart()
    assert "expired" in box.run(*curl, *own, check=False).stderr
    www.stop()
    assert box.run(*curl, *own, check=False).returncode == 7


def test_a_server_that_hangs_takes_connections_and_answers_when_it_goes_on(site):
    www = site.nginx()
    (site.www / "file").write_bytes(b"payload\n")
    box = site.client("box")
    curl = ["curl", "-sS", "--fail", "--max-time", "1", f"http://{site.segment().v4(1)}/file"]
    assert box.run(*curl).stdout == "payload\n"
    www.cut()
    assert box.run(*curl, check=False).returncode == 28
    www.restore()
    assert box.run(*curl).stdout == "payload\n"


def test_a_slow_answer_is_as_slow_as_asked(site):
    www = site.nginx(rate=256 << 10)
    (site.www / "big").write_bytes(bytes(MIB))
    box = site.client("box")
    begin = time.monotonic()
    box.run("curl", "-sSf", "-o", "/dev/null", "http://10.77.0.1/big")
    assert 2.5 < time.monotonic() - begin < 8
    for place, status in (("503/x", "503"), ("404/x", "404"), ("redirect/big", "302"), ("loop", "302")):
        assert box.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"http://10.77.0.1/{place}").stdout == status
    assert www.requests()[0]["sent_bytes"] > MIB


FAULTS = [
    ("/truncated/100/file", 18),
    ("/stall/100/file", 28),
    ("/drip/10/file", 28),
    ("/endless", 28),
    ("/silent", 28),
    ("/reset", 56),
    ("/garbage", 1),
    ("/status/503/x", 22),
    ("/missing", 22),
]


@pytest.mark.parametrize("secure", [False, True])
def test_each_fault_is_what_it_says(site, ca, secure):
    (site.folder / "data" / "file").write_bytes(b"0123456789" * 100)
    server = site.receiver(root=site.folder / "data", pair=ca.server(f"faulty-{secure}", "10.77.0.1") if secure else None)
    box = site.client("box")
    url = f"{'https' if secure else 'http'}://10.77.0.1:8000"
    curl = ["curl", "-sSf", "--max-time", "2", "--cacert", ca.cert]
    for path, status in FAULTS:
        done = box.run(*curl, "-o", "/dev/null", url + path, check=False)
        assert done.returncode == status, f"{path}: {done.returncode} {done.stderr}"
    assert [box.run(*curl, url + "/flaky/2/file", check=False).returncode for _ in range(3)] == [22, 22, 0]
    assert box.run(*curl, "-r", "995-", url + "/file").stdout == "56789"
    assert "Thu, 01 Jan 1970 00:00:10 GMT" in box.run(*curl, "-D", "-", url + "/date/10/file").stdout
    assert "Date" not in box.run(*curl, "-D", "-", url + "/date/none/file").stdout
    assert int(box.run(*curl, "-o", "/dev/null", "-w", "%{size_download}", url + "/huge/5000000").stdout) == 5000000
    box.run(*curl, "-H", "Authorization: Bearer t", "--data-binary", '{"v":1}\n', url + "/report/")
    box.run(*curl, "--data-binary", "x", url + "/flaky/1/report", check=False)
    first, second = server.posts()
    assert (first["body"], first["headers"]["authorization"], first["status"]) == ('{"v":1}\n', "Bearer t", 200)
    assert 8 < first["bytes"] < 400 and second["status"] == 503


def test_a_portal_answers_everything_with_its_page(site):
    site.receiver(is_portal=True, port=80)
    box = site.client("box")
    assert "accept our terms" in box.run("curl", "-sSfL", "http://10.77.0.1/site.ks").stdout


def ntp_offset(server, namespace):
    """Asks for the time as an SNTP client does; returns how far it is from ours, or None when it is not set."""
    ask = "import socket,sys;s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);s.settimeout(2);"
    ask += "s.sendto(b'\\x23'+bytes(47),('10.77.0.1',123));sys.stdout.write(s.recv(200).hex())"
    answer = bytes.fromhex(namespace.run("python3", "-c", ask, check=False).stdout)
    assert server.udp == (123,)
    if len(answer) < 48 or answer[0] >> 6 == 3 or answer[1] == 0:
        return None
    # A difference of 32 bits, so that an era more or less does not matter.
    difference = (int.from_bytes(answer[40:44], "big") - 2208988800 - int(time.time())) & 0xFFFFFFFF
    return difference - (1 << 32) if difference >> 31 else difference


@pytest.mark.parametrize("offset", [0, 86400 * 365, -86400 * 900])
def test_a_time_server_tells_the_time_it_was_given(site, offset):
    server = site.chronyd(offset_s=offset)
    box = site.client("box")

    def is_right():
        told = ntp_offset(server, box)
        return told is not None and abs(told - offset) < 3

    wait_for(is_right, 30)


def test_the_log_server_understands_rfc_5424(site):
    log = site.rsyslogd()
    box = site.client("box")
    line = '<134>1 2026-01-02T03:04:05.678Z edge-1 landfall 42 disk.done [landfall@32473 step="disk" note="a\\"b"] done: "so"'
    send = f"import socket,sys;s=socket.create_connection(('log.site.test',514));s.sendall(sys.argv[1].encode());s.close()"
    site.dnsmasq()
    box.run("python3", "-c", send, f"{len(line)} {line}")
    message = wait_for(log.messages)[0]
    assert [message[k] for k in ("version", "host", "app", "procid", "msgid")] == ["1", "edge-1", "landfall", "42", "disk.done"]
    assert message["data"] == '[landfall@32473 step="disk" note="a\\"b"]'
    assert (message["facility"], message["severity"]) == ("local0", "info")
    assert message["message"].strip() == 'done: "so"' and message["raw"] == line


def test_only_the_proxy_reaches_the_outside(site, ca):
    outside = site.outside()
    site.nginx(where=outside, pair=ca.server("outside", "192.0.2.10"), name="outside-nginx")
    (site.www / "file").write_bytes(b"payload\n")
    proxy = site.tinyproxy(user=ProxyUser("edge", "secret"))
    box = site.client("box")
    curl = ["curl", "-sSf", "--cacert", ca.cert, "--max-time", "3", "https://192.0.2.10/file"]
    assert box.run(*curl, check=False).returncode in (7, 28)
    assert box.run(*curl, "-x", "http://edge:secret@10.77.0.1:8888").stdout == "payload\n"
    assert box.run(*curl, "-x", "http://10.77.0.1:8888", check=False).returncode != 0
    assert "192.0.2.10" in proxy.text()


def test_a_repository_is_pulled_and_verified_whole_and_by_delta(site, repository, net_folder):
    changed = repository.copy(net_folder / "data" / "repo")
    changed.delta()
    www = site.nginx()
    www.share("plain", repository.path)
    www.share("delta", changed.path)
    box = site.client("box")
    pulled = {}
    for name in ("plain", "delta"):
        own = net_folder / "data" / f"own-{name}"
        box.run("ostree", f"--repo={own}", "init", "--mode=bare-user")
        trust = f"--gpg-import={repository.keys.keyring}"
        box.run("ostree", f"--repo={own}", "remote", "add", trust, "site", f"http://10.77.0.1/{name}")
        before = len(www.requests())
        box.run("ostree", f"--repo={own}", "pull", "site", REF)
        pulled[name] = [r["uri"] for r in www.requests()[before:]]
        assert box.run("ostree", f"--repo={own}", "rev-parse", f"site:{REF}").stdout.strip() == repository.ostree("rev-parse", REF)
    assert sum("/objects/" in uri for uri in pulled["plain"]) > 2000
    assert any("/deltas/" in uri for uri in pulled["delta"])
    bad = repository.copy(net_folder / "data" / "bad")
    bad.damage(bad.objects()[10].relative_to(bad.path))
    www.share("bad", bad.path)
    empty = net_folder / "data" / "empty"
    empty.mkdir()
    box.run("ostree", f"--repo={empty}", "init", "--mode=archive")
    box.run("ostree", f"--repo={empty}", "remote", "add", "--no-gpg-verify", "bad", "http://10.77.0.1/bad")
    assert box.run("ostree", f"--repo={empty}", "pull", "bad", REF, check=False).returncode != 0
    assert REF not in box.run("ostree", f"--repo={empty}", "refs").stdout


def test_nothing_is_left_when_a_site_ends(net_folder, wire_program):
    from tests.net.site import Site

    with Site(net_folder, wire_program) as site:
        site.nginx()
        box = site.client("box")
        box.run("sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 &", capture_output=False)
        spaces = [site.namespace, box]
        ids = [pid for space in spaces for pid in [*space.processes(), space.pid]]
        assert len(ids) >= 5
    wait_for(lambda: not any(is_running(pid) for pid in ids))
    with pytest.raises((NetError, OSError, ValueError)):
        site.wire.stats()


def is_running(pid):
    """Tells whether a process is there and no zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
