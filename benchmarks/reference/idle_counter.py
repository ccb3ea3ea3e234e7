"""Six devices watched as one writes it first: a thread each, that sleeps, asks and reads.

    python -m benchmarks.reference.idle_counter PRINTER SCANNER SCANNER DISPLAY SCALE LOCKER

Each is the path of a serial port. The printer is asked for its status every 5 s, the locker for its
doors every second, the others are read until they say something. Says `ready`, then works until its
standard input ends.
"""

import sys
import threading
import time

import serial

PRINTER_QUESTIONS = (b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x04")
DOORS_QUESTION = bytes.fromhex("80 01 00 33 b2")


def watch_printer(port: serial.Serial) -> None:
    while True:
        for question in PRINTER_QUESTIONS:
            port.write(question)
            port.read(1)
        time.sleep(5)


def watch_locker(port: serial.Serial) -> None:
    while True:
        port.write(DOORS_QUESTION)
        port.read(7)
        time.sleep(1)


def listen(port: serial.Serial) -> None:
    while True:
        port.read(16)


def main(paths: list[str]) -> None:
    works = (watch_printer, listen, listen, listen, listen, watch_locker)
    for work, path in zip(works, paths, strict=True):
        port = serial.Serial(path, timeout=1, write_timeout=5)
        threading.Thread(target=work, args=(port,), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1:])
