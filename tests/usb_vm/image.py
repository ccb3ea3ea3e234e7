"""What the virtual machine boots: Debian's kernel, and a first file system of busybox and modules.

Owns where these come from (the packages of the machine's own Debian, fetched once into a cache)
and how they are put together. Refuses to own what runs in it (`init.sh`).
"""

import gzip
import platform
import shutil
import subprocess
import sys
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MODULES: Final = (
    "virtio_pci",
    "9pnet_virtio",
    "9p",
    "overlay",
    "configfs",
    "libcomposite",
    "dummy_hcd",
    "usb_f_printer",
    "usb_f_acm",
    "usb_f_hid",
    "usblp",
    "cdc_acm",
    "usbhid",
    "hid-generic",
    "uhid",
    "evdev",
)
TOOLS: Final = ("qemu-system-x86_64", "apt-get", "apt-cache", "dpkg-deb", "modprobe", "depmod")
SOCKETS: Final = 2
"""Of the simulated bus."""
_INIT: Final = Path(__file__).with_name("init.sh")
_FETCH_S: Final = 600


class NotHere(Exception):
    """This machine cannot run it; says why."""


@dataclass(frozen=True, slots=True)
class Image:
    kernel: Path
    initrd: Path


def ready_image(cache: Path) -> Image:
    """The image, made now or taken from `cache`; `NotHere` when it cannot be had."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise NotHere("the machine runs this system's own Python: Linux on x86-64 only")
    missing = [tool for tool in TOOLS if _tool(tool) is None]
    if missing:
        raise NotHere(
            f"{', '.join(missing)} not installed (Debian: apt install qemu-system-x86 kmod udev)"
        )
    image = Image(cache / "vmlinuz", cache / "initrd.gz")
    modules = cache / f"modules-{zlib.crc32(repr(MODULES).encode()):08x}.gz"
    if not modules.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            files = _fetched(Path(folder))
            kernel = next((files / "boot").glob("vmlinuz-*"))
            kernel.replace(image.kernel)
            base = _archive(_base(files, kernel.name.removeprefix("vmlinuz-")))
        modules.write_bytes(base)
    init = _archive([("init", 0o100755, _INIT.read_bytes())])
    image.initrd.write_bytes(modules.read_bytes() + init)  # the kernel unpacks one after the other
    return image


def _tool(name: str) -> str | None:
    return shutil.which(name, path="/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")


def _run(*command: str, cwd: Path | None = None) -> str:
    tool = _tool(command[0])
    assert tool is not None
    try:
        done = subprocess.run(
            (tool, *command[1:]),
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=_FETCH_S,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise NotHere(f"{' '.join(command)}: not done after {_FETCH_S} s") from None
    except subprocess.CalledProcessError as failed:
        raise NotHere(f"{' '.join(command)}: {failed.stderr.strip()}") from None
    return done.stdout


def _fetched(folder: Path) -> Path:
    """The newest kernel package and busybox, unpacked below `folder`."""
    names = _run("apt-cache", "depends", "--important", "linux-image-amd64").split()
    kernels = [name for name in names if name.startswith("linux-image-") and name[12].isdigit()]
    if not kernels:
        raise NotHere("apt knows no linux-image-amd64")
    _run("apt-get", "download", kernels[0], "busybox-static", cwd=folder)
    files = folder / "files"
    for package in folder.glob("*.deb"):
        _run("dpkg-deb", "-x", str(package), str(files))
    return files


_File = tuple[str, int, bytes]


def _base(files: Path, version: str) -> list[_File]:
    """Busybox, the modules, and the order in which they load."""
    _run("depmod", "-b", str(files), version)
    wanted: dict[str, Path] = {}
    for module in MODULES:
        lines = _run("modprobe", "-d", str(files), "-S", version, "--show-depends", module)
        for line in lines.splitlines():
            kind, _, place = line.strip().partition(" ")
            if kind == "insmod":
                path = Path(place.split()[0])
                wanted.setdefault(f"modules.d/{path.name}", path)
    return [
        ("bin", 0o040755, b""),
        ("bin/busybox", 0o100755, (files / "bin/busybox").read_bytes()),
        ("modules", 0o100644, "".join(map(_line, wanted)).encode()),
        ("modules.d", 0o040755, b""),
        *((name, 0o100644, path.read_bytes()) for name, path in wanted.items()),
    ]


def _line(module: str) -> str:
    sockets = f" num={SOCKETS}" if "dummy_hcd" in module else ""
    return f"/{module}{sockets}\n"


def _archive(files: list[_File]) -> bytes:
    """A cpio archive, compressed. As the kernel's Documentation/driver-api/early-userspace/
    buffer-format.rst has it: thirteen numbers of eight hex digits, name and data each filled up to
    four bytes."""
    archive = bytearray()
    for number, (name, mode, data) in enumerate((*files, ("TRAILER!!!", 0, b"")), 1):
        sizes = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        archive += b"070701" + b"".join(b"%08x" % size for size in sizes) + name.encode() + b"\0"
        archive += bytes(-len(archive) % 4) + data
        archive += bytes(-len(archive) % 4)
    return gzip.compress(archive)
