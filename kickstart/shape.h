#pragma once

#include <glib.h>
#include <stdbool.h>

/** LfShape: what a value must look like before anything is done with it. */
typedef enum {
	LF_SHAPE_ANY, /* no control characters (the lexer refuses those) */
	LF_SHAPE_LOCALE,
	LF_SHAPE_KEYMAP,
	LF_SHAPE_LAYOUT,
	LF_SHAPE_TIMEZONE,
	LF_SHAPE_HOSTNAME,
	LF_SHAPE_ACCOUNT,
	LF_SHAPE_GROUP_ENTRY,
	LF_SHAPE_PASSWD_PATH,
	LF_SHAPE_PASSWD_TEXT,
	LF_SHAPE_FSTAB_FIELD,
	LF_SHAPE_FSTAB_PATH,
	LF_SHAPE_ABSOLUTE_PATH,
	LF_SHAPE_CIPHER,
	LF_SHAPE_OSNAME,
	LF_SHAPE_REF,
	LF_SHAPE_PAYLOAD_URL,
	LF_SHAPE_UNIT,
	LF_SHAPE_KERNEL_ARGS,
	LF_SHAPE_NIC,
	LF_SHAPE_IPV4,
	LF_SHAPE_NETMASK,
	LF_SHAPE_ADDRESS,
	LF_SHAPE_IPV6,
	LF_SHAPE_IPV6_WISH,
	LF_SHAPE_PCRS,
	LF_SHAPE_IFNAME,
	LF_SHAPE_DOMAIN,
	LF_SHAPE_HOST,
	LF_SHAPE_DHCP_CLASS,
	LF_SHAPE_REPORT_URL,
	LF_SHAPE_SEED_FILE,
	LF_SHAPE_RATE,
	LF_SHAPE_ROUTE,
	LF_SHAPE_DISK_LABEL,
	LF_SHAPE_SSH_KEY,
} LfShape;

/** lf_shape_fits: @text: valid UTF-8. Pure; texts beyond a shape's length never fit. */
bool lf_shape_fits(LfShape shape, const char *text);

/** lf_shape_noun: (transfer none): "a host name", for "'x y' is not a host name". */
const char *lf_shape_noun(LfShape shape);

/** lf_shape_advice: (transfer none): what to write instead. */
const char *lf_shape_advice(LfShape shape);

/** lf_url_has_user: does the text look like a URL with a user or password in it? */
bool lf_url_has_user(const char *text);

/** lf_url_has_query: does the text look like a URL with a query or fragment? */
bool lf_url_has_query(const char *text);
