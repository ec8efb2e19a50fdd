"""What the tests share: engines, rootfs trees, waiting, the leak check."""
