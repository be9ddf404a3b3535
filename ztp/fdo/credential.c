// Device credentials in the layouts that others write.
// Not here: our own store, showing one (show).
#include "ztp/fdo/credential.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "ztp/fdo/voucher.h"

#define WHAT		 "credential"
#define MAX_SECRET_BYTES 4096

static bool parse_common(LfCbor *cbor, LfCredential *credential, GError **error)
{
	uint64_t version;
	LfSpan info;

	if (!lf_cbor_uint(cbor, WHAT, G_MAXUINT16, &version, error))
		return false;
	if (version != LF_FDO_VERSION)
		return lf_throw(error, LF_ERROR_UNSUPPORTED,
				WHAT ": protocol version %u is not supported, only %d",
				(unsigned)version, LF_FDO_VERSION);
	credential->version = (unsigned)version;
	if (!lf_cbor_text(cbor, "device info", &info, error))
		return false;
	if (info.size > LF_DEVICE_INFO_MAX_BYTES)
		return lf_throw(error, LF_ERROR_INPUT, "device info: it is longer than %d bytes",
				LF_DEVICE_INFO_MAX_BYTES);
	credential->device_info = g_strndup((const char *)info.data, info.size);
	if (!lf_cbor_bytes_sized(cbor, "GUID", LF_FDO_GUID_BYTES, &credential->guid, error))
		return false;
	credential->rendezvous = lf_rendezvous_parse(cbor, error);
	return credential->rendezvous &&
	       lf_hash_parse(cbor, "owner key hash", &credential->owner_key_hash, error);
}

/* Some write a byte string, some an array of numbers. */
static bool parse_octets(LfCbor *cbor, const char *what, uint8_t *out, size_t *ret_size,
			 GError **error)
{
	LfCborType type;
	size_t length;
	LfSpan bytes;

	if (!lf_cbor_peek(cbor, what, &type, error))
		return false;
	if (type == LF_CBOR_BYTES) {
		if (!lf_cbor_bytes(cbor, what, &bytes, error))
			return false;
		if (bytes.size > MAX_SECRET_BYTES)
			return lf_throw(error, LF_ERROR_INPUT, "%s: it is too long", what);
		memcpy(out, bytes.data, bytes.size);
		*ret_size = bytes.size;
		return true;
	}
	if (!lf_cbor_array(cbor, what, 0, MAX_SECRET_BYTES, &length, error))
		return false;
	for (size_t i = 0; i < length; i++) {
		uint64_t octet;

		if (!lf_cbor_uint(cbor, what, G_MAXUINT8, &octet, error))
			return false;
		out[i] = (uint8_t)octet;
	}
	*ret_size = length;
	return true;
}

static LfSecret *parse_secret(LfCbor *cbor, const char *what, GError **error)
{
	uint8_t octets[MAX_SECRET_BYTES];
	LfSecret *secret = NULL;
	size_t size = 0;

	if (parse_octets(cbor, what, octets, &size, error)) {
		if (size > 0)
			secret = lf_secret_new(octets, size);
		else
			lf_throw(error, LF_ERROR_INPUT, "%s: it is empty", what);
	}
	lf_wipe(octets, sizeof(octets));
	return secret;
}

static bool parse_secrets(LfCbor *hmac, LfCbor *key, LfCredential *credential, GError **error)
{
	credential->hmac_secret = parse_secret(hmac, "HMAC secret", error);
	if (!credential->hmac_secret)
		return false;
	credential->private_key = parse_secret(key, "private key", error);
	return credential->private_key != NULL;
}

static bool find(LfSpan map, const char *key, LfSpan *ret, GError **error)
{
	if (!lf_cbor_find_text(map, WHAT, key, ret, error))
		return false;
	if (!ret->data)
		return lf_throw(error, LF_ERROR_INPUT, WHAT ": there is no '%s'", key);
	return true;
}

static bool parse_rs(LfCbor *cbor, LfCredential *credential, GError **error)
{
	LfSpan store, plain, hmac, key;
	LfCbor at_hmac, at_key;

	credential->layout = LF_CREDENTIAL_RS;
	if (!lf_cbor_item(cbor, WHAT, &store, error) || !find(store, "Plain", &plain, error) ||
	    !find(plain, "hmac_secret", &hmac, error) || !find(plain, "private_key", &key, error))
		return false;
	lf_cbor_init(&at_hmac, hmac);
	lf_cbor_init(&at_key, key);
	return parse_secrets(&at_hmac, &at_key, credential, error);
}

static bool parse_tpm(LfCbor *cbor, LfCredential *credential, GError **error)
{
	uint64_t type, handle;

	credential->layout = LF_CREDENTIAL_TPM;
	if (!parse_common(cbor, credential, error) ||
	    !lf_cbor_uint(cbor, WHAT, G_MAXUINT32, &type, error) ||
	    !lf_cbor_uint(cbor, WHAT, G_MAXUINT32, &handle, error))
		return false;
	credential->tpm_key_type = (uint32_t)type;
	credential->tpm_key_handle = (uint32_t)handle;
	return true;
}

static bool parse_plain(LfCbor *cbor, size_t length, LfCredential *credential, GError **error)
{
	if (!lf_cbor_bool(cbor, WHAT, &credential->is_active, error) ||
	    !parse_common(cbor, credential, error))
		return false;
	if (length == 7)
		return parse_rs(cbor, credential, error);
	credential->layout = LF_CREDENTIAL_GO;
	return parse_secrets(cbor, cbor, credential, error);
}

static bool read_key(LfCredential *credential, GError **error)
{
	const unsigned char *der, *end;
	size_t size;

	if (!credential->private_key)
		return true;
	der = end = lf_secret_data(credential->private_key);
	size = lf_secret_size(credential->private_key);
	credential->key = d2i_AutoPrivateKey(NULL, &end, (long)size);
	ERR_clear_error();
	if (!credential->key || end != der + size)
		return lf_throw(error, LF_ERROR_INPUT, "private key: it cannot be read");
	return true;
}

static bool parse(LfCbor *cbor, LfCredential *credential, GError **error)
{
	LfCborType type;
	size_t length;

	if (!lf_cbor_array(cbor, WHAT, 7, 8, &length, error) ||
	    !lf_cbor_peek(cbor, WHAT, &type, error))
		return false;
	if (type == LF_CBOR_UINT && length == 7) {
		if (!parse_tpm(cbor, credential, error))
			return false;
	} else if (!parse_plain(cbor, length, credential, error)) {
		return false;
	}
	return lf_cbor_end(cbor, WHAT, error) && read_key(credential, error);
}

LfCredential *lf_credential_parse(GBytes *bytes, GError **error)
{
	g_autoptr(LfCredential) credential = g_new0(LfCredential, 1);
	LfSpan input;
	LfCbor cbor;

	credential->bytes = bytes;
	input.data = g_bytes_get_data(bytes, &input.size);
	if (input.size > LF_CREDENTIAL_MAX_BYTES)
		return lf_throw_null(error, LF_ERROR_INPUT, WHAT ": it is longer than %zu bytes",
				     LF_CREDENTIAL_MAX_BYTES);
	lf_cbor_init(&cbor, input);
	if (!parse(&cbor, credential, error))
		return NULL;
	return g_steal_pointer(&credential);
}

void lf_credential_free(LfCredential *credential)
{
	gsize size;
	void *data;

	if (!credential)
		return;
	lf_rendezvous_free(credential->rendezvous);
	lf_secret_free(credential->hmac_secret);
	lf_secret_free(credential->private_key);
	EVP_PKEY_free(credential->key);
	g_free(credential->device_info);
	// The bytes were given to us; nobody else reads them.
	data = (void *)g_bytes_get_data(credential->bytes, &size);
	if (size > 0)
		lf_wipe(data, size);
	g_bytes_unref(credential->bytes);
	g_free(credential);
}

const char *lf_credential_layout_name(LfCredentialLayout layout)
{
	static const char *const names[] = { "go-fdo", "fdo-rs", "tpm" };

	return names[layout];
}
