#pragma once

#include "base/throw.h"

#include <stdint.h>

/** LfSettingKind: what the value of an option is. */
typedef enum {
	LF_SETTING_NUMBER,    /* @min to @max */
	LF_SETTING_WORD,      /* one of @words, or its number */
	LF_SETTING_ONLY_WORD, /* one of @words */
	LF_SETTING_ADDRESSES, /* IPv4, divided by commas */
	LF_SETTING_MAC,
	LF_SETTING_MEMBER, /* name of an interface in the link */
} LfSettingKind;

/**
 * LfLinkOption: an option that a bond or bridge can have, of kickstart and of the command line.
 * @name: of a bond the kernel's, of a bridge NetworkManager's
 * @words: zero-terminated; the index is the kernel's number
 * @modes: of a bond in which the kernel takes it, as bits of the modes' numbers; 0: in all
 */
typedef struct {
	const char *name;
	LfSettingKind kind;
	uint64_t min;
	uint64_t max;
	const char *const *words;
	unsigned modes;
} LfLinkOption;

#define LF_MAX_LINK_OPTIONS 32

/**
 * lf_bond_table, lf_bridge_table: every option there is, ended by one without a name; fewer than
 * LF_MAX_LINK_OPTIONS. The first one of a bond is its mode.
 *
 * Source: Linux, Documentation/networking/bonding.rst and drivers/net/bonding/bond_options.c;
 * NetworkManager, nm-settings(5), bridge.
 */
const LfLinkOption *lf_bond_table(void);
const LfLinkOption *lf_bridge_table(void);

/** lf_link_option_row: the row of @name in a table; that of the table's end when it is not there.
 */
size_t lf_link_option_row(const LfLinkOption *table, const char *name);

/**
 * lf_link_option_value:
 * @members: (array zero-terminated=1): of the link
 * @ret_advice: (out) (transfer full): what to write instead, when it is no value
 *
 * Returns: (transfer full) (nullable): the value as it is kept: words where the kernel takes a
 * number or a word, numbers without zeros in front
 */
char *lf_link_option_value(const LfLinkOption *option, const char *text, char **members,
			   char **ret_advice);

/** LfBondConflict: told of options that do not fit together. */
typedef void (*LfBondConflict)(const char *message, const char *advice, void *user_data);

/**
 * lf_bond_check:
 * @values: by row of lf_bond_table(); NULL: not given. Without "miimon" and "arp_interval" it
 * counts as "miimon=100", which the plan sets
 *
 * Tells what does not fit together. Returns: whether the bond would notice that a link is lost.
 */
bool lf_bond_check(char *const *values, LfBondConflict tell, void *user_data);
