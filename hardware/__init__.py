"""What bytes a device speaks: printers and drawers now. Knows nothing of shops or tills."""
