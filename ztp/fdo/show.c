// What vouchers and credentials say, for people and programs; never a secret.
// Not here: whether it is true (voucher, credential).
#include "ztp/fdo/show.h"

static json_t *cert_to_json(const X509 *cert)
{
	json_t *object = json_object();
	g_autofree char *subject = lf_cert_subject(cert);
	g_autofree char *issuer = lf_cert_issuer(cert);
	g_autofree char *not_before = lf_cert_not_before(cert);
	g_autofree char *not_after = lf_cert_not_after(cert);
	EVP_PKEY *pkey = X509_get0_pubkey(cert);
	g_autofree char *key = pkey ? lf_key_describe(pkey) : NULL;

	lf_json_set_string(object, "subject", subject);
	lf_json_set_string(object, "issuer", issuer);
	lf_json_set_string(object, "not_before", not_before);
	lf_json_set_string(object, "not_after", not_after);
	lf_json_set_string(object, "key", key);
	return object;
}

static json_t *show_chain(const LfChain *chain)
{
	json_t *array = json_array();

	for (guint i = 0; i < chain->certs->len; i++)
		lf_json_append(array, cert_to_json(chain->certs->pdata[i]));
	return array;
}

static json_t *show_key(const LfKey *key)
{
	json_t *object = json_object();
	g_autofree char *described = lf_key_describe(key->pkey);
	g_autofree char *fingerprint = lf_key_fingerprint(key->pkey);

	lf_json_set_string(object, "type", lf_key_type_name(key->type));
	lf_json_set_string(object, "key", described);
	lf_json_set_string(object, "encoding", lf_key_encoding_name(key->encoding));
	lf_json_set_string(object, "fingerprint_sha256", fingerprint);
	if (key->chain)
		lf_json_set(object, "certificates", show_chain(key->chain));
	return object;
}

static json_t *show_hash(const LfHash *hash)
{
	json_t *object = json_object();
	g_autofree char *value = lf_span_hex(hash->value);

	lf_json_set_string(object, "type", lf_hash_name(hash->type));
	lf_json_set_string(object, "value", value);
	return object;
}

char *lf_guid_text(LfSpan guid)
{
	g_autofree char *hex = lf_span_hex(guid);

	if (guid.size != LF_FDO_GUID_BYTES)
		return g_steal_pointer(&hex);
	return g_strdup_printf("%.8s-%.4s-%.4s-%.4s-%s", hex, hex + 8, hex + 12, hex + 16,
			       hex + 20);
}

static json_t *entries_to_json(const GPtrArray *entries)
{
	json_t *array = json_array();

	for (guint i = 0; i < entries->len; i++) {
		const LfVoucherEntry *entry = entries->pdata[i];
		json_t *object = json_object();

		lf_json_set(object, "owner", show_key(entry->owner));
		lf_json_set_string(object, "signature_algorithm",
				   lf_cose_algorithm_name(entry->message.algorithm));
		lf_json_set_string(object, "hash", lf_hash_name(entry->previous_hash.type));
		if (entry->n_extras > 0)
			lf_json_set_uint(object, "extra_values", entry->n_extras);
		lf_json_append(array, object);
	}
	return array;
}

json_t *lf_voucher_to_json(const LfVoucher *voucher)
{
	const LfVoucherHeader *header = voucher->header;
	json_t *object = json_object();
	g_autofree char *guid = lf_guid_text(header->guid);

	lf_json_set_uint(object, "protocol_version", header->version);
	lf_json_set_string(object, "guid", guid);
	lf_json_set_string(object, "device_info", header->device_info);
	lf_json_set(object, "rendezvous", lf_rendezvous_to_json(header->rendezvous));
	lf_json_set(object, "manufacturer_key", show_key(header->manufacturer));
	lf_json_set_string(object, "header_hmac", lf_hash_name(voucher->hmac.type));
	if (header->chain_hash.type != LF_HASH_NONE)
		lf_json_set(object, "device_certificate_hash", show_hash(&header->chain_hash));
	if (voucher->device_chain)
		lf_json_set(object, "device_certificates", show_chain(voucher->device_chain));
	lf_json_set(object, "entries", entries_to_json(voucher->entries));
	lf_json_set(object, "owner_key", show_key(lf_voucher_owner(voucher)));
	return object;
}

static json_t *tpm_to_json(const LfCredential *credential)
{
	json_t *object = json_object();
	g_autofree char *handle = g_strdup_printf("0x%08x", credential->tpm_key_handle);

	lf_json_set_uint(object, "key_type", credential->tpm_key_type);
	lf_json_set_string(object, "key_handle", handle);
	return object;
}

json_t *lf_credential_to_json(const LfCredential *credential)
{
	json_t *object = json_object();
	g_autofree char *guid = lf_guid_text(credential->guid);
	g_autofree char *key = credential->key ? lf_key_describe(credential->key) : NULL;
	g_autofree char *fingerprint = credential->key ? lf_key_fingerprint(credential->key) : NULL;

	lf_json_set_string(object, "layout", lf_credential_layout_name(credential->layout));
	if (credential->layout != LF_CREDENTIAL_TPM)
		lf_json_set_bool(object, "active", credential->is_active);
	lf_json_set_uint(object, "protocol_version", credential->version);
	lf_json_set_string(object, "guid", guid);
	lf_json_set_string(object, "device_info", credential->device_info);
	lf_json_set(object, "rendezvous", lf_rendezvous_to_json(credential->rendezvous));
	lf_json_set(object, "owner_key_hash", show_hash(&credential->owner_key_hash));
	lf_json_set_string(object, "device_key", key);
	lf_json_set_string(object, "device_key_fingerprint_sha256", fingerprint);
	if (credential->hmac_secret)
		lf_json_set_uint(object, "hmac_secret_bytes",
				 lf_secret_size(credential->hmac_secret));
	if (credential->layout == LF_CREDENTIAL_TPM)
		lf_json_set(object, "tpm", tpm_to_json(credential));
	return object;
}
