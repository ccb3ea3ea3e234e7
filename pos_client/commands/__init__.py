"""What the commands of `pos-client` share."""
