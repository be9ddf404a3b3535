// The commands bootloader and ostreesetup: what is installed and how it starts.
// Not here: the kernel's flavour (addon.c), kernel arguments of the image (the planner).
#include <string.h>

#include "kickstart/karg.h"
#include "kickstart/parser.h"

// --- bootloader ---------------------------------------------------------------------------------

void lf_call_check_kargs(LfCall *call, const char *option, const char *text)
{
	g_auto(GStrv) words = lf_kargs_split(text);
	const char *word = lf_kargs_decided(words);

	if (word)
		lf_call_error(call, lf_call_place(call, option), "reserved-argument",
			      "leave it out", "'%s' is decided by the plan", word);
}

typedef struct {
	char *append;
	int64_t timeout_s;
	char *drive;
	bool leaves_order;
	char *location;
	LfSecret *password;
} Bootloader;

#define NO_PASSWORD "leave it out: a boot loader's password is not supported yet"
#define ONE_LOADER  "leave it out: the boot loader is GRUB for UEFI"

static const LfChoice locations[] = {
	{ "mbr", NULL },
	{ "boot", NULL },
	{ "partition", NULL },
	{ "none", "leave it out: without a boot loader the machine would not start" },
	{ NULL, NULL },
};

static const LfOption bootloader_options[] = {
	LF_OPTION_FIELD("--append", TEXT, Bootloader, append, LF_SHAPE_KERNEL_ARGS),
	LF_OPTION_FIELD("--timeout", I64, Bootloader, timeout_s, 0, 0, 3600),
	LF_OPTION_FIELD("--boot-drive", TEXT, Bootloader, drive),
	LF_OPTION_FIELD("--leavebootorder", FLAG, Bootloader, leaves_order),
	{ "--location", LF_OPTION_CHOICE, 0, offsetof(Bootloader, location), .choices = locations },
	LF_OPTION_NOT_YET("--password", SECRET, NO_PASSWORD),
	LF_OPTION_NOT_YET("--md5pass", SECRET, NO_PASSWORD),
	LF_OPTION_NOT_YET("--iscrypted", FLAG, NO_PASSWORD),
	LF_OPTION_NOT_YET("--driveorder", LIST, "write '--boot-drive'"),
	LF_OPTION_NOT_YET("--disabled", FLAG, ONE_LOADER),
	LF_OPTION_NOT_YET("--nombr", FLAG, ONE_LOADER),
	LF_OPTION_NOT_YET("--extlinux", FLAG, ONE_LOADER),
	LF_OPTION_NOT_YET("--sdboot", FLAG, ONE_LOADER),
	LF_OPTION_NOT_YET("--default", TEXT, "leave it out: the newest deployment starts"),
};

static void apply_bootloader(LfParser *parser, LfCall *call, void *values)
{
	LfProfile *profile = parser->profile;
	Bootloader *loader = values;

	lf_call_check_kargs(call, "--append", loader->append);
	lf_take_text(&profile->boot_append, &loader->append);
	lf_take_text(&profile->boot_drive, &loader->drive);
	profile->boot_timeout_s = lf_call_has(call, "--timeout") ? loader->timeout_s : -1;
	profile->leaves_boot_order = loader->leaves_order;
}

// --- ostreesetup --------------------------------------------------------------------------------

typedef struct {
	char *osname;
	char *remote;
	char *url;
	char *ref;
	bool is_nogpg;
} Ostreesetup;

// clang-format off
#define REQUIRED(name, field, shape) \
	{ name, LF_OPTION_TEXT, LF_OPTION_REQUIRED, offsetof(Ostreesetup, field), shape }
// clang-format on

static const LfOption ostreesetup_options[] = {
	REQUIRED("--osname", osname, LF_SHAPE_OSNAME),
	REQUIRED("--url", url, LF_SHAPE_PAYLOAD_URL),
	REQUIRED("--ref", ref, LF_SHAPE_REF),
	LF_OPTION_FIELD("--remote", TEXT, Ostreesetup, remote, LF_SHAPE_OSNAME),
	LF_OPTION_FIELD("--nogpg", FLAG, Ostreesetup, is_nogpg),
};

static void apply_ostreesetup(LfParser *parser, LfCall *call, void *values)
{
	LfProfile *profile = parser->profile;
	Ostreesetup *setup = values;

	lf_call_check_url(call, "--url", setup->url);
	if (setup->is_nogpg)
		lf_call_warn(call, lf_call_place(call, "--nogpg"), "unverified-payload",
			     "leave '--nogpg' out and sign the commits",
			     "the signature of what is installed will not be verified");
	profile->ostree_place = call->place;
	lf_take_text(&profile->ostree_osname, &setup->osname);
	lf_take_text(&profile->ostree_remote, &setup->remote);
	lf_take_text(&profile->ostree_url, &setup->url);
	lf_take_text(&profile->ostree_ref, &setup->ref);
	profile->is_nogpg = setup->is_nogpg;
}

static const LfCommand commands[] = {
	{ "bootloader", LF_COMMAND_OPTIONS(bootloader_options), .values_size = sizeof(Bootloader),
	  .flags = LF_COMMAND_ONCE, .apply = apply_bootloader },
	{ "ostreesetup", LF_COMMAND_OPTIONS(ostreesetup_options),
	  .values_size = sizeof(Ostreesetup), .flags = LF_COMMAND_ONCE,
	  .apply = apply_ostreesetup },
};

LF_COMMAND_TABLE(lf_boot_commands, commands);
