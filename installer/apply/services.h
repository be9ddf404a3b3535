#pragma once

#include <gio/gio.h>

/**
 * LfUnitState: what systemctl will find of a unit.
 * @LF_UNIT_ABSENT: not there, or an alias that leads nowhere
 * @LF_UNIT_MASKED: a link to /dev/null, or an empty file: it cannot be enabled
 * @LF_UNIT_TEMPLATE: a template without a default instance: it cannot be enabled
 */
typedef enum {
	LF_UNIT_ABSENT,
	LF_UNIT_MASKED,
	LF_UNIT_TEMPLATE,
	LF_UNIT_PRESENT,
} LfUnitState;

/**
 * lf_services_look_up:
 * @root: top of a commit, with its /etc in usr/etc
 * @name: as a kickstart has it: without a known suffix it is a service; "a@b" comes from the
 * template "a@"
 * @ret_unit: (optional) (transfer full): its full name; of an alias that of the unit behind it, for
 * systemctl refuses to enable an alias in /etc. Set for every state
 *
 * Source: systemctl(1), enable; systemd.unit(5), unit file load path, aliases.
 */
LfUnitState lf_services_look_up(GFile *root, const char *name, char **ret_unit);

/**
 * lf_services_units: (transfer full): the names to give to systemctl for these of a kickstart;
 * without those that are not there.
 * @names: (nullable)
 */
char **lf_services_units(GFile *root, char **names);
