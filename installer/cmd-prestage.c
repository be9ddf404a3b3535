// The verb prestage: on the installed system, pulls a payload onto the persistent partition, so
// that a later install needs no network for it. Not here: pulling (installer/apply/payload.c).
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "installer/apply/payload.h"
#include "installer/cmd.h"
#include "installer/plan/persist.h"
#include "kickstart/rate.h"
#include "kickstart/shape.h"

#define KEYRING	   "usr/share/landfall/keyring.gpg"
#define TELL_EVERY (G_USEC_PER_SEC)

/* What goes to the terminal while it works. */
typedef struct {
	bool is_json;
	bool is_line_open;
	gint64 told_us;
} Teller;

static void print_json(json_t *object)
{
	g_autofree char *text = lf_json_print(object, false);

	printf("%s\n", g_strchomp(text));
	(void)fflush(stdout);
}

static void tell_bytes(uint64_t bytes, uint64_t total_bytes, void *user_data)
{
	Teller *teller = user_data;
	gint64 now = g_get_monotonic_time();
	g_autoptr(json_t) object = NULL;

	if (now - teller->told_us < TELL_EVERY)
		return;
	teller->told_us = now;
	if (teller->is_json) {
		object = json_object();
		lf_json_set_string(object, "state", "progress");
		lf_json_set_uint(object, "bytes", bytes);
		lf_json_set_uint(object, "total", total_bytes);
		print_json(object);
	} else if (isatty(STDERR_FILENO)) {
		fprintf(stderr, "\r%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " MiB", bytes >> 20,
			total_bytes >> 20);
		teller->is_line_open = true;
	}
}

static void end_line(Teller *teller)
{
	if (teller->is_line_open)
		fputc('\n', stderr);
	teller->is_line_open = false;
}

static void tell_note(const char *text, void *user_data)
{
	Teller *teller = user_data;

	end_line(teller);
	fprintf(stderr, "note: %s\n", text);
}

static void tell_end(const Teller *teller, const LfFactPayload *payload, const char *path)
{
	g_autoptr(json_t) object = NULL;

	if (!teller->is_json) {
		printf("%s %s is whole in '%s'\n", payload->ref, payload->checksum, path);
		return;
	}
	object = json_object();
	lf_json_set_string(object, "state", "done");
	lf_json_set_string(object, "ref", payload->ref);
	lf_json_set_string(object, "checksum", payload->checksum);
	lf_json_set_string(object, "version", payload->version);
	lf_json_set_string(object, "repo", path);
	print_json(object);
}

// --- the repository -----------------------------------------------------------------------------

// Without its partition the directory may be there all the same, on the disk that a reinstall
// wipes.
static bool check_mounted(const char *path, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(path);
	struct stat own, above;

	if (stat(path, &own) == 0 && stat(parent, &above) == 0 && own.st_dev != above.st_dev)
		return true;
	return lf_throw(
		error, LF_ERROR_TARGET,
		"no persistent partition is mounted at '%s': install with 'persist --size=' "
		"in the kickstart, or write --to=DIR",
		path);
}

static char *find_dir(const LfCmd *cmd, GError **error)
{
	g_autofree char *usual = g_build_filename(cmd->root, LF_PERSIST_MOUNT, NULL);

	if (cmd->to)
		return g_file_test(cmd->to, G_FILE_TEST_IS_DIR)
			       ? g_strdup(cmd->to)
			       : lf_throw_null(error, LF_ERROR_INPUT,
					       "--to: there is no directory '%s'", cmd->to);
	return check_mounted(usual, error) ? g_steal_pointer(&usual) : NULL;
}

// Two at once would remove each other's objects.
static bool lock(const char *dir, int *ret_fd, GError **error)
{
	lf_autofd dir_fd = -1;

	if (!lf_openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, &dir_fd, error))
		return false;
	if (flock(dir_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? lf_throw(error, LF_ERROR_TARGET,
						       "'%s' is in use by another prestage: wait "
						       "until it has ended",
						       dir)
					    : lf_throw_errno(error, "cannot lock '%s'", dir);
	*ret_fd = lf_steal_fd(&dir_fd);
	return true;
}

// The partition is for this alone: nothing on it need be kept free.
static bool make_repo(OstreeRepo *repo, GError **error)
{
	g_autoptr(GKeyFile) config = NULL;

	if (!ostree_repo_create(repo, OSTREE_REPO_MODE_ARCHIVE, NULL, error))
		return false;
	config = ostree_repo_copy_config(repo);
	g_key_file_set_string(config, "core", "min-free-space-percent", "0");
	return ostree_repo_write_config(repo, config, error) &&
	       ostree_repo_reload_config(repo, NULL, error);
}

// A run that was cut off at the very beginning leaves a directory without a config: made again.
static OstreeRepo *open_repo(const char *path, GError **error)
{
	g_autoptr(GFile) dir = g_file_new_for_path(path);
	g_autoptr(OstreeRepo) repo = ostree_repo_new(dir);
	g_autoptr(GError) local = NULL;

	if (ostree_repo_open(repo, NULL, &local))
		return g_steal_pointer(&repo);
	if (g_error_matches(local, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
		g_clear_error(&local);
		// libostree leaks when the same object is opened twice.
		g_object_unref(repo);
		repo = ostree_repo_new(dir);
		if (make_repo(repo, &local))
			return g_steal_pointer(&repo);
	}
	lf_throw(error, LF_ERROR_IO, "'%s' cannot be made a repository: %s", path, local->message);
	return NULL;
}

// --- the verb -----------------------------------------------------------------------------------

// Kickstarts are held to the same.
static bool check_url(const char *url, GError **error)
{
	if (lf_url_has_user(url))
		return lf_throw(
			error, LF_ERROR_INPUT,
			"a user or password in the URL is seen by all: serve the repository "
			"without a password; its commits are signed");
	if (lf_url_has_query(url))
		return lf_throw(error, LF_ERROR_INPUT,
				"leave '?' or '#' and what follows out; commits are signed, so a "
				"repository needs no token");
	return g_str_has_prefix(url, "file:///") || lf_http_check_url(url, error);
}

static bool check_words(const LfCmd *cmd, GError **error)
{
	if (!check_url(cmd->args[0], error))
		return lf_prefix(error, "prestage");
	if (cmd->http.proxy && strchr(cmd->http.proxy, '@'))
		return lf_throw(error, LF_ERROR_INPUT,
				"--proxy: a password on a command line is seen by all: use a proxy "
				"that needs none");
	for (char **mirror = cmd->mirrors; mirror && *mirror; mirror++)
		if (!check_url(*mirror, error))
			return lf_prefix(error, "--mirror");
	return lf_http_access_check(&cmd->http, error);
}

static bool new_limit(const LfCmd *cmd, LfHttpLimit **ret, GError **error)
{
	uint64_t bytes_per_s;

	if (!cmd->limit)
		return true;
	if (!lf_rate_parse(cmd->limit, &bytes_per_s))
		return lf_throw(error, LF_ERROR_INPUT,
				"--limit=%s is no limit to work with: " LF_RATE_ADVICE, cmd->limit);
	*ret = lf_http_limit_new(bytes_per_s);
	return true;
}

static bool prestage(const LfCmd *cmd, const char *dir, const LfHttpAccess *access, Teller *teller,
		     GError **error)
{
	g_autofree char *keyring = g_build_filename(cmd->root, KEYRING, NULL);
	g_autofree char *path = g_build_filename(dir, "repo", NULL);
	g_autoptr(LfFactPayload) facts = NULL;
	g_autoptr(LfPayload) payload = NULL;
	g_autoptr(OstreeRepo) repo = NULL;
	const LfPayloadRequest request = { .url = cmd->args[0],
					   .mirrors = (const char *const *)cmd->mirrors,
					   .ref = cmd->args[1],
					   .keyring = keyring,
					   .access = access,
					   .note = tell_note,
					   .user_data = teller };

	payload = lf_payload_open(&request, error);
	if (!payload)
		return false;
	repo = open_repo(path, error);
	if (!repo || !lf_payload_prestage(payload, repo, tell_bytes, tell_note, teller, error))
		return false;
	facts = lf_payload_facts(payload);
	end_line(teller);
	tell_end(teller, facts, path);
	return true;
}

int lf_cmd_prestage(const LfCmd *cmd, GError **error)
{
	Teller teller = { .is_json = cmd->is_json };
	g_autofree char *dir = check_words(cmd, error) ? find_dir(cmd, error) : NULL;
	g_autoptr(LfHttpLimit) limit = NULL;
	LfHttpAccess access = cmd->http;
	lf_autofd held = -1;
	bool is_done;

	if (!dir || !new_limit(cmd, &limit, error) || !lock(dir, &held, error))
		return 1;
	access.limit = limit;
	is_done = prestage(cmd, dir, &access, &teller, error);
	end_line(&teller);
	return is_done ? 0 : 1;
}
