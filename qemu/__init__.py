"""A machine to try Landfall on: firmware, TPM, disks, CD, serial lines. For people (qemu/run) and for tests."""
