// All wishes for disks that a profile holds, by the option they come from.
// Not here: what a wish means (match.c), the choice (disk.c).
#include "installer/plan/wish.h"

#include "installer/plan/text.h"

static const char *const options[] = {
	[LF_WISH_ONLY_USE] = "ignoredisk --only-use",	  [LF_WISH_IGNORE] = "ignoredisk --drives",
	[LF_WISH_CLEAR] = "clearpart --drives",		  [LF_WISH_ON_DISK] = "part --ondisk",
	[LF_WISH_BOOT_DRIVE] = "bootloader --boot-drive",
};

static void wish_free(LfWish *wish)
{
	lf_match_free(wish->match);
	g_free(wish);
}

const char *lf_wish_option(LfWishKind kind)
{
	return options[kind];
}

static bool add(GPtrArray *wishes, LfWishKind kind, const LfPlace *place, const char *text,
		GError **error)
{
	g_autoptr(LfMatch) match = NULL;
	LfWish *wish;

	if (!text)
		return true;
	match = lf_match_parse(text, error);
	if (!match) {
		lf_prefix(error, "%s", options[kind]);
		return lf_prefix_at(error, place);
	}
	wish = g_new0(LfWish, 1);
	wish->kind = kind;
	wish->place = place ? *place : (LfPlace){ NULL, 0, 0 };
	wish->match = g_steal_pointer(&match);
	g_ptr_array_add(wishes, wish);
	return true;
}

static bool add_list(GPtrArray *wishes, LfWishKind kind, const LfPlace *place, char **texts,
		     GError **error)
{
	for (char **text = texts; text && *text; text++)
		if (!add(wishes, kind, place, *text, error))
			return false;
	return true;
}

static bool add_all(GPtrArray *wishes, const LfProfile *profile, GError **error)
{
	if (!add_list(wishes, LF_WISH_ONLY_USE, &profile->ignoredisk_place, profile->only_use,
		      error) ||
	    !add_list(wishes, LF_WISH_IGNORE, &profile->ignoredisk_place, profile->ignore_drives,
		      error) ||
	    !add_list(wishes, LF_WISH_CLEAR, &profile->clear_place, profile->clear_drives, error))
		return false;
	for (guint i = 0; i < profile->parts->len; i++) {
		const LfPart *part = profile->parts->pdata[i];

		if (!add(wishes, LF_WISH_ON_DISK, &part->place, part->ondisk, error))
			return false;
	}
	return add(wishes, LF_WISH_BOOT_DRIVE, NULL, profile->boot_drive, error);
}

GPtrArray *lf_wishes_new(const LfProfile *profile, GError **error)
{
	g_autoptr(GPtrArray) wishes = g_ptr_array_new_with_free_func((GDestroyNotify)wish_free);

	if (!add_all(wishes, profile, error))
		return NULL;
	return g_steal_pointer(&wishes);
}

bool lf_wishes_have(const GPtrArray *wishes, LfWishKind kind)
{
	for (guint i = 0; i < wishes->len; i++)
		if (((const LfWish *)wishes->pdata[i])->kind == kind)
			return true;
	return false;
}

bool lf_wishes_any(const GPtrArray *wishes, LfWishKind kind, const LfFactDisk *disk)
{
	for (guint i = 0; i < wishes->len; i++) {
		const LfWish *wish = wishes->pdata[i];

		if (wish->kind == kind && lf_match_disk(wish->match, disk))
			return true;
	}
	return false;
}

bool lf_wishes_all(const GPtrArray *wishes, LfWishKind kind, const LfFactDisk *disk)
{
	for (guint i = 0; i < wishes->len; i++) {
		const LfWish *wish = wishes->pdata[i];

		if (wish->kind == kind && !lf_match_disk(wish->match, disk))
			return false;
	}
	return true;
}

bool lf_wishes_name(const GPtrArray *wishes, const LfFactDisk *disk)
{
	for (guint i = 0; i < wishes->len; i++) {
		const LfWish *wish = wishes->pdata[i];

		if (wish->kind != LF_WISH_IGNORE && lf_match_names(wish->match, disk))
			return true;
	}
	return false;
}

char *lf_wishes_text(const GPtrArray *wishes, LfWishKind kind)
{
	g_autoptr(GString) text = g_string_new(options[kind]);
	char separator = '=';

	for (guint i = 0; i < wishes->len; i++) {
		const LfWish *wish = wishes->pdata[i];

		if (wish->kind != kind)
			continue;
		g_string_append_c(text, separator);
		g_string_append(text, lf_match_text(wish->match));
		separator = ',';
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}
