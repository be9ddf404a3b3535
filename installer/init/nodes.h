#pragma once

#include "base/throw.h"

#include <sys/types.h>

/** LfNode: a device node whose opening loads a module. @name: path below /dev */
typedef struct {
	char *name;
	bool is_block;
	unsigned major;
	unsigned minor;
} LfNode;

/**
 * lf_nodes_parse:
 * @text: modules.devname: lines "MODULE NAME TYPE MAJOR:MINOR", such as "dm_mod mapper/control
 * c10:236"
 *
 * Returns: (transfer full) (element-type LfNode): lines that are not of this shape, or whose name
 * would leave /dev, are passed over.
 */
GPtrArray *lf_nodes_parse(const char *text);

/**
 * lf_nodes_create:
 * Makes the nodes that the running kernel's modules.devname names below /dev, so that opening
 * /dev/mapper/control or /dev/loop-control loads the module. Existing ones stay. Throws IO; an
 * image without that file has none to make.
 */
bool lf_nodes_create(GError **error);
