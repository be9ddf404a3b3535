// pull: the installer's payload reader alone, for tests: opens a payload and copies it into a new
// bare repository. Not its job: judging.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "installer/apply/payload.h"

static char **mirrors, **caches, **words;
static char *prestaged, *keyring, *ca;
static gint64 limit;
static int give_up_s, pull_give_up_s;

static const GOptionEntry options[] = {
	{ "mirror", 0, 0, G_OPTION_ARG_STRING_ARRAY, &mirrors, "Tried after the URL", "URL" },
	{ "cache", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &caches, "Looked into first", "REPO" },
	{ "prestaged", 0, 0, G_OPTION_ARG_FILENAME, &prestaged, "Its ref counts", "REPO" },
	{ "keyring", 0, 0, G_OPTION_ARG_FILENAME, &keyring, "Who may sign", "FILE" },
	{ "ca", 0, 0, G_OPTION_ARG_FILENAME, &ca, "Authorities", "PEM" },
	{ "limit", 0, 0, G_OPTION_ARG_INT64, &limit, "Bytes a second", "BYTES" },
	{ "give-up", 0, 0, G_OPTION_ARG_INT, &give_up_s, "Seconds of silence", "SECONDS" },
	{ "pull-give-up", 0, 0, G_OPTION_ARG_INT, &pull_give_up_s,
	  "The same once it is opened, if it is another number", "SECONDS" },
	{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &words, NULL, "URL REF REPO" },
	{ NULL, 0, 0, 0, NULL, NULL, NULL },
};

static void note(const char *text, void *user_data)
{
	(void)fprintf(stderr, "note: %s\n", text);
}

static OstreeRepo *create_repo(const char *path, GError **error)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return lf_throw_errno_null(error, "cannot make the folder '%s'", path);
	return ostree_repo_create_at(AT_FDCWD, path, OSTREE_REPO_MODE_BARE, NULL, NULL, error);
}

static bool pull(GError **error)
{
	g_autoptr(LfHttpLimit) bucket = limit ? lf_http_limit_new((uint64_t)limit) : NULL;
	const LfHttpAccess access = { .ca_file = ca, .limit = bucket };
	const LfPayloadRequest request = {
		.url = words[0],
		.mirrors = (const char *const *)mirrors,
		.ref = words[1],
		.keyring = keyring,
		.access = &access,
		.prestaged = prestaged,
		.caches = (const char *const *)caches,
		.give_up_s = (unsigned)give_up_s,
		.pull_give_up_s = (unsigned)(pull_give_up_s ? pull_give_up_s : give_up_s),
		.note = note,
	};
	g_autoptr(LfPayload) payload = lf_payload_open(&request, error);
	g_autoptr(OstreeRepo) repo = payload ? create_repo(words[2], error) : NULL;

	return repo && lf_payload_pull(payload, repo, "site", NULL, note, NULL, error);
}

int main(int argc, char **argv)
{
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(context, options, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || g_strv_length(words) != 3) {
		(void)fprintf(stderr, "%s\n", error ? error->message : "usage: pull URL REF REPO");
		return 2;
	}
	if (pull(&error))
		return 0;
	(void)fprintf(stderr, "pull: %s\n", error->message);
	return lf_error_class(error)->exit_status;
}
