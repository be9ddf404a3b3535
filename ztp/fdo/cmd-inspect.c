// `landfall-fdo inspect`: explains vouchers and credentials, and tells what of it proves true.
// Not here: reading them (document), the checks (voucher).
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/secret.h"
#include "base/text.h"
#include "ztp/fdo/cmd.h"
#include "ztp/fdo/document.h"
#include "ztp/fdo/show.h"
#include "ztp/fdo/verdict.h"

static gboolean is_json;

static const GOptionEntry options[] = {
	{ "json", 0, 0, G_OPTION_ARG_NONE, &is_json, "Print an array with an object for each FILE",
	  NULL },
	{ NULL },
};

/* @document: (nullable): NULL with @error set; @verdicts: (nullable) */
typedef struct {
	const char *path;
	LfDocument *document;
	GPtrArray *verdicts;
	GError *error;
} Finding;

static void free_finding(void *data)
{
	Finding *finding = data;

	lf_document_free(finding->document);
	g_clear_pointer(&finding->verdicts, g_ptr_array_unref);
	g_clear_error(&finding->error);
	g_free(finding);
}

static Finding *load(const char *path)
{
	Finding *finding = g_new0(Finding, 1);
	g_autoptr(GBytes) file =
		lf_read_file_at(AT_FDCWD, path, LF_DOCUMENT_MAX_BYTES, &finding->error);
	LfSpan span;

	finding->path = path;
	if (!file) {
		lf_rethrow(&finding->error, LF_ERROR_INPUT);
		return finding;
	}
	span.data = g_bytes_get_data(file, &span.size);
	finding->document = lf_document_parse(span, &finding->error);
	if (finding->error)
		lf_prefix(&finding->error, "'%s'", path);
	// It may have been a credential.
	lf_wipe((void *)span.data, span.size);
	return finding;
}

static const LfCredential *find_credential(const GPtrArray *findings, LfSpan guid)
{
	for (guint i = 0; i < findings->len; i++) {
		const Finding *finding = findings->pdata[i];
		const LfCredential *credential =
			finding->document ? finding->document->credential : NULL;

		if (credential && lf_span_equal(credential->guid, guid))
			return credential;
	}
	return NULL;
}

/* What voucher and credential of one device say of each other. */
static void verify_pair(const LfVoucher *voucher, const LfCredential *credential,
			GPtrArray *verdicts)
{
	lf_verdicts_add_bool(verdicts,
			     lf_hash_matches(&credential->owner_key_hash,
					     &voucher->header->manufacturer->raw, 1),
			     "manufacturer key: hash in the credential",
			     "the credential expects another key");
	if (credential->key && voucher->device_chain) {
		EVP_PKEY *certified = X509_get0_pubkey(lf_chain_leaf(voucher->device_chain));

		lf_verdicts_add_bool(verdicts,
				     certified && EVP_PKEY_eq(credential->key, certified) == 1,
				     "device certificates: key of the credential",
				     "the certificate is for another key");
	}
}

static void verify(Finding *finding, const GPtrArray *findings)
{
	const LfVoucher *voucher = finding->document ? finding->document->voucher : NULL;
	const LfCredential *credential;
	LfSpan secret;

	if (!voucher)
		return;
	finding->verdicts = lf_verdicts_new();
	credential = find_credential(findings, voucher->header->guid);
	if (credential && credential->hmac_secret) {
		secret = (LfSpan){ lf_secret_data(credential->hmac_secret),
				   lf_secret_size(credential->hmac_secret) };
		lf_voucher_verify(voucher, &secret, finding->verdicts);
	} else {
		lf_voucher_verify(voucher, NULL, finding->verdicts);
	}
	if (credential)
		verify_pair(voucher, credential, finding->verdicts);
}

static json_t *finding_to_json(const Finding *finding)
{
	json_t *object = json_object();

	lf_json_set_string(object, "file", finding->path);
	if (finding->error) {
		lf_json_set_string(object, "error", finding->error->message);
		lf_json_set_string(object, "class", lf_error_class(finding->error)->name);
	} else if (finding->document->voucher) {
		lf_json_set(object, "voucher", lf_voucher_to_json(finding->document->voucher));
		lf_json_set(object, "checks", lf_verdicts_to_json(finding->verdicts));
	} else {
		lf_json_set(object, "credential",
			    lf_credential_to_json(finding->document->credential));
	}
	return object;
}

static char *scalar_text(const json_t *value)
{
	if (json_is_string(value))
		return lf_text_escape(json_string_value(value), " ");
	return json_dumps(value, JSON_ENCODE_ANY);
}

static void print_value(const char *key, const json_t *value, int indent);

static void print_members(json_t *object, int indent)
{
	const char *key;
	json_t *member;

	json_object_foreach (object, key, member)
		print_value(key, member, indent);
}

/* What one of many is called; members not in the table are called alike. */
static const char *singular(const char *key)
{
	static const char *const names[][2] = {
		{ "certificates", "certificate" },
		{ "device_certificates", "device certificate" },
		{ "entries", "entry" },
		{ "unknown_variables", "unknown variable" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(key, names[i][0]) == 0)
			return names[i][1];
	return key;
}

static void print_items(const char *key, const json_t *array, int indent)
{
	const json_t *item;
	size_t i;

	if (json_array_size(array) == 0)
		printf("%*s%s: none\n", indent, "", key);
	json_array_foreach (array, i, item) {
		g_autofree char *name = g_strdup_printf("%s %zu", singular(key), i);

		print_value(name, item, indent);
	}
}

/* Our own JSON: it is as deep as the objects we make. */
static void print_value(const char *key, const json_t *value, int indent)
{
	g_autofree char *name = g_strdelimit(g_strdup(key), "_", ' ');
	g_autofree char *text = NULL;

	if (json_is_object(value)) {
		printf("%*s%s\n", indent, "", name);
		print_members((json_t *)value, indent + 2);
	} else if (json_is_array(value)) {
		print_items(key, value, indent);
	} else {
		text = scalar_text(value);
		printf("%*s%s: %s\n", indent, "", name, text);
	}
}

static void print_verdicts(const GPtrArray *verdicts)
{
	puts("  checks");
	for (guint i = 0; i < verdicts->len; i++) {
		const LfVerdict *verdict = verdicts->pdata[i];

		printf("    %-4s %s%s%s\n", lf_verdict_state_name(verdict->state), verdict->check,
		       verdict->detail ? ": " : "", verdict->detail ? verdict->detail : "");
	}
}

static void print_text(const Finding *finding)
{
	g_autofree char *path = lf_text_escape(finding->path, " ");
	g_autoptr(json_t) object = NULL;

	if (finding->error) {
		g_autofree char *message = lf_text_escape(finding->error->message, " ");

		printf("%s: cannot be read: %s\n", path, message);
		return;
	}
	if (finding->document->voucher) {
		printf("%s: Ownership Voucher\n", path);
		object = lf_voucher_to_json(finding->document->voucher);
	} else {
		printf("%s: device credential\n", path);
		object = lf_credential_to_json(finding->document->credential);
	}
	print_members(object, 2);
	if (finding->verdicts)
		print_verdicts(finding->verdicts);
}

static void print_all(const GPtrArray *findings)
{
	g_autoptr(json_t) array = json_array();
	g_autofree char *text = NULL;

	for (guint i = 0; i < findings->len; i++) {
		if (is_json)
			lf_json_append(array, finding_to_json(findings->pdata[i]));
		else
			print_text(findings->pdata[i]);
	}
	if (!is_json)
		return;
	text = lf_json_print(array, true);
	fputs(text, stdout);
}

/* The first file that could not be read, or else the first that does not prove true. */
static bool throw_worst(const GPtrArray *findings, GError **error)
{
	for (guint i = 0; i < findings->len; i++) {
		const Finding *finding = findings->pdata[i];

		if (finding->error) {
			if (error)
				*error = g_error_copy(finding->error);
			return false;
		}
	}
	for (guint i = 0; i < findings->len; i++) {
		const Finding *finding = findings->pdata[i];
		size_t bad = finding->verdicts
				     ? lf_verdicts_count(finding->verdicts, LF_VERDICT_BAD)
				     : 0;

		if (bad > 0)
			return lf_throw(error, LF_ERROR_TRUST, "'%s': %zu of %u checks failed",
					finding->path, bad, finding->verdicts->len);
	}
	return true;
}

static int run(char **args, GError **error)
{
	g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(free_finding);

	if (!args[0])
		return lf_throw(error, LF_ERROR_INPUT,
				"no file to inspect: landfall-fdo inspect FILE…");
	for (char **path = args; *path; path++)
		g_ptr_array_add(findings, load(*path));
	for (guint i = 0; i < findings->len; i++)
		verify(findings->pdata[i], findings);
	print_all(findings);
	throw_worst(findings, error);
	return 0;
}

const LfVerb lf_fdo_verb_inspect = {
	.name = "inspect",
	.arguments = "FILE…",
	.summary = "explain Ownership Vouchers and device credentials, and check what they prove",
	.description = "FILE is a voucher (PEM, CBOR or hexadecimal digits) or a device credential "
		       "(CBOR or\nhexadecimal digits, as go-fdo and fdo-rs write them). Secrets in "
		       "a credential are never\nprinted. With a voucher and the credential of the "
		       "same device it is also checked that\nthe two belong together.\n\n"
		       "Exit status: 0 no check failed, 2 a file cannot be read, 3 it is of a kind "
		       "that is not\nsupported, 5 a check failed.",
	.options = options,
	.run = run,
};
