// What the installed system needs to deliver the installer's last events: written, read, removed.
// Not here: delivering (courier.c, post.c), where the directory is made (installer/).
#include "installer/report/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "installer/report/log.h"

#define TOKEN_FILE	 "token"
#define MAX_PEM_BYTES	 (1024 * 1024)
#define MAX_CONFIG_BYTES 65536
#define MAX_TOKEN_BYTES	 8192

struct LfKept {
	LfKeep keep;
	LfHttpAccess access;
	char *url, *ca_file, *cert_file, *key_file, *pin, *proxy;
	LfSecret *token;
	json_t *machine;
};

// The files of LfHttpAccess, and their names in the directory.
enum { FILE_CA, FILE_CERT, FILE_KEY, FILES };
static const char *const file_names[FILES] = { "ca.pem", "client.pem", "client.key" };

// Not synced, as all of the target: the whole file system is, once.
static bool write_text(int dir_fd, const char *name, const void *text, size_t size, GError **error)
{
	lf_autofd fd = -1;

	return lf_openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600, &fd,
			 error) &&
	       lf_write_all(fd, text, size, error);
}

static bool copy_file(int dir_fd, const char *from, const char *name, GError **error)
{
	g_autoptr(GBytes) bytes = lf_read_file_at(AT_FDCWD, from, MAX_PEM_BYTES, error);
	gsize size;
	const void *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	bool ok = bytes && write_text(dir_fd, name, data, size, error);

	// One of them is a key.
	if (bytes)
		lf_wipe((void *)(uintptr_t)data, size);
	return ok;
}

static bool copy_files(int dir_fd, const LfHttpAccess *access, GError **error)
{
	const char *paths[FILES] = { access->ca_file, access->cert_file, access->key_file };

	for (size_t i = 0; i < FILES; i++)
		if (paths[i] && !copy_file(dir_fd, paths[i], file_names[i], error))
			return false;
	return true;
}

static bool write_config(int dir_fd, const LfKeep *keep, GError **error)
{
	g_autoptr(json_t) config = json_object();
	g_autofree char *text = NULL;

	lf_json_set_uint(config, "v", 1);
	lf_json_set_string(config, "url", keep->url);
	if (keep->access) {
		lf_json_set_string(config, "pin", keep->access->pin);
		lf_json_set_string(config, "proxy", keep->access->proxy);
		lf_json_set_bool(config, "insecure_tls", keep->access->is_insecure_tls);
	}
	if (keep->machine)
		lf_json_set(config, "machine", json_deep_copy(keep->machine));
	text = lf_json_print(config, true);
	return write_text(dir_fd, LF_KEEP_CONFIG, text, strlen(text), error);
}

static GString *events_left(int root_fd, const char *log, const char *mark, const json_t *last)
{
	g_auto(LfLogTail) tail = LF_LOG_TAIL_CLOSED;
	g_auto(LfLogMark) delivered = { NULL, 0 };
	g_autofree char *last_line = lf_json_print(last, false);
	GString *text = g_string_new(NULL);
	json_t *event;

	lf_log_mark_load(root_fd, mark, &delivered);
	if (lf_log_tail_open(root_fd, log, &tail, NULL)) {
		lf_log_tail_skip(&tail, &delivered);
		while ((event = lf_log_tail_next(&tail))) {
			g_autofree char *line = lf_json_print(event, false);

			g_string_append_printf(text, "%s\n", line);
			json_decref(event);
		}
	}
	g_string_append_printf(text, "%s\n", last_line);
	return text;
}

// The configuration is last: without it nothing is delivered.
bool lf_keep_write(int dir_fd, const LfKeep *keep, int root_fd, const char *log, const char *mark,
		   const json_t *last, GError **error)
{
	g_autoptr(GString) events = events_left(root_fd, log, mark, last);

	return write_text(dir_fd, LF_KEEP_EVENTS, events->str, events->len, error) &&
	       (!keep->access || copy_files(dir_fd, keep->access, error)) &&
	       (!keep->token || write_text(dir_fd, TOKEN_FILE, lf_secret_data(keep->token),
					   lf_secret_size(keep->token), error)) &&
	       write_config(dir_fd, keep, error);
}

// --- reading ------------------------------------------------------------------------------------

static bool read_config(LfKept *kept, const json_t *config, GError **error)
{
	json_t *machine = NULL;

	if (!lf_json_get_string(config, "url", &kept->url, error) ||
	    !lf_json_get_string(config, "pin", &kept->pin, error) ||
	    !lf_json_get_string(config, "proxy", &kept->proxy, error) ||
	    !lf_json_get_bool(config, "insecure_tls", &kept->access.is_insecure_tls, error) ||
	    !lf_json_get_object(config, "machine", &machine, error))
		return false;
	kept->machine = json_incref(machine);
	return kept->url || lf_throw(error, LF_ERROR_INPUT, "'" LF_KEEP_CONFIG "' has no 'url'");
}

static bool read_token(LfKept *kept, const char *dir, GError **error)
{
	g_autofree char *path = g_build_filename(dir, TOKEN_FILE, NULL);
	GBytes *bytes;
	gsize size;

	if (access(path, F_OK) < 0)
		return true;
	bytes = lf_read_file_at(AT_FDCWD, path, MAX_TOKEN_BYTES, error);
	if (!bytes)
		return false;
	kept->token = lf_secret_new(g_bytes_get_data(bytes, &size), g_bytes_get_size(bytes));
	lf_wipe((void *)(uintptr_t)g_bytes_get_data(bytes, NULL), size);
	g_bytes_unref(bytes);
	return true;
}

static char *path_if_there(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	return access(path, F_OK) == 0 ? g_steal_pointer(&path) : NULL;
}

static void find_files(LfKept *kept, const char *dir)
{
	kept->ca_file = path_if_there(dir, file_names[FILE_CA]);
	kept->cert_file = path_if_there(dir, file_names[FILE_CERT]);
	kept->key_file = path_if_there(dir, file_names[FILE_KEY]);
	kept->access.ca_file = kept->ca_file;
	kept->access.cert_file = kept->cert_file;
	kept->access.key_file = kept->key_file;
	kept->access.pin = kept->pin;
	kept->access.proxy = kept->proxy;
}

LfKept *lf_kept_load(const char *dir, GError **error)
{
	g_autoptr(LfKept) kept = g_new0(LfKept, 1);
	g_autofree char *path = g_build_filename(dir, LF_KEEP_CONFIG, NULL);
	g_autoptr(GBytes) text = lf_read_file_at(AT_FDCWD, path, MAX_CONFIG_BYTES, error);
	g_autoptr(json_t) config = NULL;

	if (!text)
		return NULL;
	config = lf_json_parse(g_bytes_get_data(text, NULL), g_bytes_get_size(text), LF_KEEP_CONFIG,
			       error);
	if (!config || !read_config(kept, config, error) || !read_token(kept, dir, error))
		return NULL;
	find_files(kept, dir);
	kept->keep = (LfKeep){ kept->url, &kept->access, kept->token, kept->machine };
	return g_steal_pointer(&kept);
}

const LfKeep *lf_kept(const LfKept *kept)
{
	return &kept->keep;
}

void lf_kept_free(LfKept *kept)
{
	if (!kept)
		return;
	g_free(kept->url);
	g_free(kept->ca_file);
	g_free(kept->cert_file);
	g_free(kept->key_file);
	g_free(kept->pin);
	g_free(kept->proxy);
	lf_secret_free(kept->token);
	json_decref(kept->machine);
	g_free(kept);
}

static bool is_temporary_of(const char *name, const char *own)
{
	size_t length = strlen(own);

	return strncmp(name, own, length) == 0 && name[length] == '.' &&
	       name[strlen(name) - 1] == '~';
}

// Our files, also under the temporary name of a start that was killed. What else is there belongs
// to somebody else.
static bool is_ours(const char *name)
{
	static const char *const own[] = { LF_KEEP_CONFIG, LF_KEEP_EVENTS, LF_KEEP_MARK,
					   TOKEN_FILE };

	for (size_t i = 0; i < G_N_ELEMENTS(own); i++)
		if (strcmp(name, own[i]) == 0 || is_temporary_of(name, own[i]))
			return true;
	for (size_t i = 0; i < FILES; i++)
		if (strcmp(name, file_names[i]) == 0)
			return true;
	return false;
}

bool lf_kept_is_rest(const char *dir)
{
	g_autoptr(GDir) list = g_dir_open(dir, 0, NULL);
	const char *name;
	size_t n = 0;

	while (list && (name = g_dir_read_name(list)) && is_ours(name))
		n++;
	return list && n > 0 && !name;
}

static bool remove_files(const char *dir, GError **error)
{
	g_autoptr(GDir) list = g_dir_open(dir, 0, error);
	const char *name;

	if (!list)
		return lf_rethrow(error, LF_ERROR_IO);
	while ((name = g_dir_read_name(list))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);

		if (is_ours(name) && unlink(path) < 0)
			return lf_throw_errno(error, "cannot remove '%s'", path);
	}
	return true;
}

// First what makes a start deliver, so that one that is cut off here does not deliver again.
bool lf_kept_remove(const char *dir, GError **error)
{
	g_autofree char *config = g_build_filename(dir, LF_KEEP_CONFIG, NULL);

	if (unlink(config) < 0 && errno != ENOENT)
		return lf_throw_errno(error, "cannot remove '%s'", config);
	if (!remove_files(dir, error))
		return false;
	if (rmdir(dir) < 0 && errno != ENOTEMPTY)
		return lf_throw_errno(error, "cannot remove '%s'", dir);
	return true;
}
