// pull: the installer's pull of a commit into a new bare repository, alone, to be measured against
// ostree's.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/http.h"
#include "installer/apply/payload.h"

static void note(const char *text, void *user_data)
{
	(void)fprintf(stderr, "pull: %s\n", text);
}

static OstreeRepo *create_repo(const char *path, GError **error)
{
	g_autoptr(OstreeRepo) repo = NULL;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return lf_throw_errno_null(error, "cannot make the folder '%s'", path);
	repo = ostree_repo_create_at(AT_FDCWD, path, OSTREE_REPO_MODE_BARE, NULL, NULL, error);
	return g_steal_pointer(&repo);
}

static bool pull(char **arguments, GError **error)
{
	const LfHttpAccess access = { .ca_file = arguments[4] };
	const LfPayloadRequest request = {
		.url = arguments[0],
		.ref = arguments[1],
		.keyring = arguments[3],
		.access = &access,
		.note = note,
	};
	g_autoptr(LfPayload) payload = NULL;
	g_autoptr(OstreeRepo) repo = create_repo(arguments[2], error);

	if (!repo)
		return false;
	payload = lf_payload_open(&request, error);
	return payload && lf_payload_pull(payload, repo, "site", NULL, note, NULL, error);
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;

	if (argc < 5) {
		(void)fputs("usage: pull URL REF REPO KEYRING [CA]\n", stderr);
		return 2;
	}
	if (pull(argv + 1, &error))
		return 0;
	(void)fprintf(stderr, "pull: %s\n", error->message);
	return lf_error_class(error)->exit_status;
}
