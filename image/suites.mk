# Debian's releases by name, for the version in refs.
SUITE_VERSION_trixie := 13
SUITE_VERSION_forky := 14
