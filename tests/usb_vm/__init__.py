"""Real USB without hardware: a small virtual machine whose kernel has both ends of the cable.

Linux's `dummy_hcd` is a USB bus whose other side is in the same kernel; what its gadget drivers
put there (a printer, a serial port, a keyboard) is enumerated, driven and unplugged as real
devices are. So the product's own code talks through libusb, usblp, cdc_acm, hidraw and evdev,
while the simulated machines play the firmware behind the gadgets.

`make usb-vm` runs on the host (`__main__`, `image`); `guest` and all it imports run inside.
"""
