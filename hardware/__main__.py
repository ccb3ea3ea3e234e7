"""`python -m hardware`: try a device from a terminal, or stand in for one."""

from hardware.commands import main

if __name__ == "__main__":
    main()
