"""Attacks that talk to anybody outside."""

from __future__ import annotations

from grader.sandbox import tiers
from hostile.catalogue import Attack

_HELD = {"bubblewrap": "network namespace", "landlock": "seccomp, Landlock"}

ATTACKS = (
    Attack(
        "network-tcp",
        "network",
        "Connect to a server: of this machine, of its network, of the world, by any flavour of TCP.",
        (
            """
mark()
def connect(family, address, kind=socket.SOCK_STREAM, protocol=0):
    with socket.socket(family, kind, protocol) as s:
        s.settimeout(2)
        s.connect(address)
        s.sendall(ARENA["name"].encode())
def fast_open(address):
    with socket.socket() as s:
        s.settimeout(2)
        s.sendto(ARENA["name"].encode(), 0x20000000, address)
port = ARENA["tcp"]
attempt("127.0.0.1", connect, socket.AF_INET, ("127.0.0.1", port))
attempt("0.0.0.0", connect, socket.AF_INET, ("0.0.0.0", port))
attempt("::1", connect, socket.AF_INET6, ("::1", port))
attempt("::ffff:127.0.0.1", connect, socket.AF_INET6, ("::ffff:127.0.0.1", port))
attempt("metadata service", connect, socket.AF_INET, ("169.254.169.254", 80))
attempt("the world", connect, socket.AF_INET, ("1.1.1.1", 443))
attempt("fast open", fast_open, ("127.0.0.1", port))
attempt("multipath TCP", connect, socket.AF_INET, ("127.0.0.1", port), socket.SOCK_STREAM, 262)
attempt("SCTP", connect, socket.AF_INET, ("127.0.0.1", port), socket.SOCK_STREAM, 132)
import urllib.request
attempt("http", urllib.request.urlopen, f"http://127.0.0.1:{port}/", None, 2)
""",
        ),
        held_by=_HELD,
        may={"landlock": tiers.CONNECTIONS_FILTERED},
    ),
    Attack(
        "network-udp-and-names",
        "network",
        "Send a datagram, or look a name up whose letters carry a secret.",
        (
            """
mark()
def send(family, address):
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.sendto(ARENA["name"].encode(), address)
for host in ("255.255.255.255", "224.0.0.251", "8.8.8.8"):
    attempt(host, send, socket.AF_INET, (host, ARENA["udp"]))
for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):  # a loopback of its own may take it
    try:
        send(family, (host, ARENA["udp"]))
    except OSError as error:
        held(f"{host}: {error}")
socket.setdefaulttimeout(2)
for name in ("secret.example.com", "example.com", "metadata.google.internal"):
    attempt("look up " + name, socket.gethostbyname, name)
attempt("ping", subprocess.check_output, ["ping", "-c1", "-W1", "127.0.0.1"], timeout=5)
""",
        ),
        held_by=_HELD,
    ),
    Attack(
        "network-unix-sockets",
        "network",
        "Reach services of the machine over their Unix sockets: by path, abstract, docker, D-Bus, the X server.",
        (
            """
mark()
def connect(address, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_UNIX, kind) as s:
        s.settimeout(2)
        s.connect(address)
        s.send(ARENA["name"].encode())
for address in (ARENA["unix"], "\\0" + ARENA["abstract"], "/var/run/docker.sock", "/run/docker.sock", "/run/dbus/system_bus_socket",
                "/run/systemd/private", "/run/containerd/containerd.sock", "/tmp/.X11-unix/X0", "\\0/tmp/.X11-unix/X0", "/dev/log", "/run/nscd/socket"):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        attempt(repr(address), connect, address, kind)
def sendto(address):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(ARENA["name"].encode(), address)
attempt("datagram", sendto, "\\0" + ARENA["abstract"])
""",
        ),
        held_by={"bubblewrap": "network and mount namespaces", "landlock": "seccomp, Landlock"},
    ),
    Attack(
        "network-other-kernels",
        "network",
        "Find the runtime sockets of other kernels, and of the grader, and talk to them.",
        (
            """
mark()
import glob
places = [ARENA["tmp"], "/tmp", "/var/tmp", "/run", "/run/user", os.path.dirname(ARENA["tmp"])]
for place in places:
    for path in glob.glob(place + "/nbg-*") + glob.glob(place + "/nbg-*/*") + glob.glob(place + "/nbg-*/s/*") + glob.glob(place + "/*/jupyter/runtime/*"):
        if not os.getcwd().startswith(path) and os.path.dirname(os.getcwd()) not in path:
            breached(path)
own = "/run/nb" if os.path.isdir("/run/nb") else os.path.dirname(os.getcwd())
for name in ("host.json", "box.json", "lock", "s/k-1"):
    path = f"{own}/{name}"
    if name == "host.json":
        attempt("read " + path, read, path)
    attempt("write " + path, append, path)
try:
    siblings = os.listdir(os.path.dirname(own))
    if any(name.startswith("nbg-") for name in siblings):
        breached(siblings)
except OSError as error:
    held(error)
""",
        ),
        held_by={"bubblewrap": "mount namespace", "landlock": "Landlock, own uid"},
    ),
    Attack(
        "network-raw",
        "network",
        "Open raw, packet, netlink, Bluetooth, VM and other odd sockets, or a network device.",
        (
            """
mark()
def sent(family, kind, protocol=0, address=None):
    with socket.socket(family, kind, protocol) as s:
        s.settimeout(2)
        if address is not None:
            s.connect(address)
        return "open"
attempt("raw ICMP", sent, socket.AF_INET, socket.SOCK_RAW, 1)
attempt("raw IPv6", sent, socket.AF_INET6, socket.SOCK_RAW, 58)
attempt("packet", sent, 17, socket.SOCK_RAW, 3)
for name, family, kind, protocol in (("vsock", 40, 1, 0), ("crypto", 38, 5, 0), ("Bluetooth", 31, 3, 0), ("CAN", 29, 3, 1), ("XDP", 44, 3, 0),
                                     ("uevents", 16, 2, 15), ("audit", 16, 3, 9), ("netfilter", 16, 3, 12), ("kernel crypto", 16, 3, 21)):
    attempt(name, sent, family, kind, protocol)
attempt("/dev/net/tun", os.open, "/dev/net/tun", os.O_RDWR)
attempt("/dev/vsock", os.open, "/dev/vsock", os.O_RDWR)
import struct
def bring_up():
    with socket.socket(16, socket.SOCK_RAW, 0) as s:
        s.bind((0, 0))
        message = struct.pack("IHHII", 32, 16, 5, 1, 0) + struct.pack("BxHiII", 0, 1, 1, 0, 1)  # RTM_NEWLINK: lo down
        s.send(message)
        answer = s.recv(4096)
        code = struct.unpack_from("i", answer, 16)[0]
        if code:
            raise OSError(-code, os.strerror(-code))
attempt("change an interface", bring_up)
""",
        ),
        held_by={"bubblewrap": "network namespace, capabilities", "landlock": "seccomp, capabilities"},
    ),
    Attack(
        "network-be-reached",
        "network",
        "Listen on a port, for somebody outside to come and fetch.",
        (
            """
mark()
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    server.bind(("0.0.0.0", ARENA["inbound"]))
    server.listen()
    server.settimeout(4)
    visitor, address = server.accept()
    visitor.sendall(b"hello from inside")
    time.sleep(0.3)
    breached(f"somebody came: {address}")
except OSError as error:
    held(error)
""",
        ),
        held_by={"bubblewrap": "network namespace", "landlock": "nothing: declared"},
        gaps={"landlock": tiers.PORTS_OPEN},
    ),
)
