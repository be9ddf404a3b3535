// What the installer kept for this system to deliver: read, and removed when nobody needs it.
// Not here: writing it (keep.c), delivering (courier.c, post.c, syslog.c).
#include "installer/report/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"

#define REFUSALS	 "refusals"
#define MAX_CONFIG_BYTES 65536
#define MAX_SECRET_BYTES 8192

struct LfKept {
	LfKeep keep;
	LfHttpAccess access;
	char *url, *ca_file, *cert_file, *key_file, *pin, *log_host, *hostname;
	LfSecret *token, *proxy;
	json_t *machine;
};

// For the report's address alone.
static const char *const report_files[] = {
	LF_KEEP_TOKEN, LF_KEEP_KEY, LF_KEEP_PROXY, LF_KEEP_CERT, LF_KEEP_CA, REFUSALS,
};

static const char *const other_files[] = {
	LF_KEEP_CONFIG,
	LF_KEEP_EVENTS,
	LF_KEEP_REPORT_MARK,
	LF_KEEP_LOGGING_MARK,
};

// --- reading ------------------------------------------------------------------------------------

static bool read_config(LfKept *kept, const json_t *config, GError **error)
{
	json_t *machine = NULL;
	uint64_t port = 0;

	if (!lf_json_get_string(config, "url", &kept->url, error) ||
	    !lf_json_get_string(config, "pin", &kept->pin, error) ||
	    !lf_json_get_bool(config, "insecure_tls", &kept->access.is_insecure_tls, error) ||
	    !lf_json_get_string(config, "log_host", &kept->log_host, error) ||
	    !lf_json_get_uint(config, "log_port", &port, error) ||
	    !lf_json_get_string(config, "hostname", &kept->hostname, error) ||
	    !lf_json_get_object(config, "machine", &machine, error))
		return false;
	kept->machine = json_incref(machine);
	kept->keep.log_port = (uint32_t)MIN(port, G_MAXUINT32);
	return kept->url || kept->log_host ||
	       lf_throw(error, LF_ERROR_INPUT,
			"'" LF_KEEP_CONFIG "' has neither 'url' nor 'log_host'");
}

static bool read_secret(const char *dir, const char *name, LfSecret **ret, GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	if (access(path, F_OK) < 0)
		return true;
	*ret = lf_secret_load(AT_FDCWD, path, MAX_SECRET_BYTES, error);
	return *ret != NULL;
}

static char *path_if_there(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	return access(path, F_OK) == 0 ? g_steal_pointer(&path) : NULL;
}

static void find_files(LfKept *kept, const char *dir)
{
	kept->ca_file = path_if_there(dir, LF_KEEP_CA);
	kept->cert_file = path_if_there(dir, LF_KEEP_CERT);
	kept->key_file = path_if_there(dir, LF_KEEP_KEY);
	kept->access.ca_file = kept->ca_file;
	kept->access.cert_file = kept->cert_file;
	kept->access.key_file = kept->key_file;
	kept->access.pin = kept->pin;
	kept->access.proxy = kept->proxy ? lf_secret_data(kept->proxy) : NULL;
}

static void fill_keep(LfKept *kept)
{
	kept->keep.url = kept->url;
	kept->keep.access = &kept->access;
	kept->keep.token = kept->token;
	kept->keep.log_host = kept->log_host;
	kept->keep.hostname = kept->hostname;
	kept->keep.machine = kept->machine;
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
	if (!config || !read_config(kept, config, error) ||
	    !read_secret(dir, LF_KEEP_TOKEN, &kept->token, error) ||
	    !read_secret(dir, LF_KEEP_PROXY, &kept->proxy, error))
		return NULL;
	find_files(kept, dir);
	fill_keep(kept);
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
	g_free(kept->log_host);
	g_free(kept->hostname);
	lf_secret_free(kept->token);
	lf_secret_free(kept->proxy);
	json_decref(kept->machine);
	g_free(kept);
}

// --- removing -----------------------------------------------------------------------------------

static bool is_of(const char *const *own, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		size_t length = strlen(own[i]);

		if (strncmp(name, own[i], length) != 0)
			continue;
		// Or the temporary name of a start that was killed.
		if (name[length] == '\0' || (name[length] == '.' && name[strlen(name) - 1] == '~'))
			return true;
	}
	return false;
}

static bool is_for_report(const char *name)
{
	return is_of(report_files, G_N_ELEMENTS(report_files), name);
}

// What else is there belongs to somebody else.
static bool is_ours(const char *name)
{
	return is_for_report(name) || is_of(other_files, G_N_ELEMENTS(other_files), name);
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

static bool remove_files(const char *dir, bool (*is_unwanted)(const char *name), GError **error)
{
	g_autoptr(GDir) list = g_dir_open(dir, 0, error);
	const char *name;

	if (!list)
		return lf_rethrow(error, LF_ERROR_IO);
	while ((name = g_dir_read_name(list))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);

		if (is_unwanted(name) && unlink(path) < 0)
			return lf_throw_errno(error, "cannot remove '%s'", path);
	}
	return true;
}

static bool remove_if_there(const char *path, GError **error)
{
	return unlink(path) == 0 || errno == ENOENT ||
	       lf_throw_errno(error, "cannot remove '%s'", path);
}

// First what makes a start deliver, so that one that is cut off here does not deliver again.
bool lf_kept_remove(const char *dir, GError **error)
{
	g_autofree char *config = g_build_filename(dir, LF_KEEP_CONFIG, NULL);

	if (!remove_if_there(config, error) || !remove_files(dir, is_ours, error))
		return false;
	if (rmdir(dir) < 0 && errno != ENOTEMPTY)
		return lf_throw_errno(error, "cannot remove '%s'", dir);
	return true;
}

// A second name: whenever a removal is cut off, the events are there under one of both.
bool lf_kept_save_refused(const char *dir, GError **error)
{
	g_autofree char *events = g_build_filename(dir, LF_KEEP_EVENTS, NULL);
	g_autofree char *refused = g_build_filename(dir, LF_KEPT_REFUSED, NULL);

	return remove_if_there(refused, error) &&
	       (link(events, refused) == 0 || lf_throw_errno(error, "cannot keep '%s'", refused));
}

static bool write_file(const char *dir, const char *name, const char *text, GError **error)
{
	lf_autofd dir_fd = -1;

	return lf_openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, &dir_fd, error) &&
	       lf_write_file_at(dir_fd, name, text, strlen(text), 0600, error);
}

// First what makes a start ask that server.
bool lf_kept_end_report(const LfKept *kept, const char *dir, GError **error)
{
	LfKeep rest = kept->keep;
	g_autofree char *config = NULL;

	rest.url = NULL;
	config = lf_keep_config(&rest);
	return write_file(dir, LF_KEEP_CONFIG, config, error) &&
	       remove_files(dir, is_for_report, error);
}

bool lf_kept_count_refusal(const char *dir, unsigned *ret, GError **error)
{
	g_autofree char *path = g_build_filename(dir, REFUSALS, NULL);
	g_autofree char *before = lf_read_text_at(AT_FDCWD, path, 32, NULL);
	unsigned n = before ? (unsigned)g_ascii_strtoull(before, NULL, 10) + 1 : 1;
	g_autofree char *text = g_strdup_printf("%u\n", n);

	if (!write_file(dir, REFUSALS, text, error))
		return false;
	*ret = n;
	return true;
}
