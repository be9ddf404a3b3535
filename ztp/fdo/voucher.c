// Ownership Vouchers: parsing and verifying.
// Not here: armour around them (armor), showing them (show), extending them.
#include "ztp/fdo/voucher.h"

#include "ztp/fdo/verdict.h"

static bool parse_version(LfCbor *cbor, const char *what, unsigned *ret, GError **error)
{
	uint64_t version;

	if (!lf_cbor_uint(cbor, what, G_MAXUINT16, &version, error))
		return false;
	if (version != LF_FDO_VERSION)
		return lf_throw(error, LF_ERROR_UNSUPPORTED,
				"%s: protocol version %u is not supported, only %d", what,
				(unsigned)version, LF_FDO_VERSION);
	*ret = (unsigned)version;
	return true;
}

static bool parse_device_info(LfCbor *cbor, LfVoucherHeader *header, GError **error)
{
	if (!lf_cbor_text(cbor, "device info", &header->device_info_raw, error))
		return false;
	if (header->device_info_raw.size > LF_DEVICE_INFO_MAX_BYTES)
		return lf_throw(error, LF_ERROR_INPUT, "device info: it is longer than %d bytes",
				LF_DEVICE_INFO_MAX_BYTES);
	header->device_info =
		g_strndup((const char *)header->device_info_raw.data, header->device_info_raw.size);
	return true;
}

static bool parse_header(LfCbor *cbor, LfVoucherHeader *header, GError **error)
{
	size_t length;

	if (!lf_cbor_array(cbor, "voucher header", 6, 6, &length, error) ||
	    !parse_version(cbor, "voucher header", &header->version, error) ||
	    !lf_cbor_bytes_sized(cbor, "GUID", LF_FDO_GUID_BYTES, &header->guid, error))
		return false;
	header->rendezvous = lf_rendezvous_parse(cbor, error);
	if (!header->rendezvous || !parse_device_info(cbor, header, error))
		return false;
	header->manufacturer = lf_key_parse(cbor, "manufacturer key", error);
	if (!header->manufacturer)
		return false;
	if (!lf_cbor_take_null(cbor) &&
	    !lf_hash_parse(cbor, "device certificate hash", &header->chain_hash, error))
		return false;
	return lf_cbor_end(cbor, "voucher header", error);
}

LfVoucherHeader *lf_voucher_header_parse(LfSpan bytes, GError **error)
{
	g_autoptr(LfVoucherHeader) header = g_new0(LfVoucherHeader, 1);
	LfCbor cbor;

	header->raw = bytes;
	lf_cbor_init(&cbor, bytes);
	if (!parse_header(&cbor, header, error))
		return NULL;
	return g_steal_pointer(&header);
}

void lf_voucher_header_free(LfVoucherHeader *header)
{
	if (!header)
		return;
	lf_rendezvous_free(header->rendezvous);
	lf_key_free(header->manufacturer);
	g_free(header->device_info);
	g_free(header);
}

/* null, or a map in a byte string. */
static bool parse_extra(LfCbor *cbor, const char *what, size_t *ret_count, GError **error)
{
	LfSpan wrapped, map;
	LfCbor inner;

	if (lf_cbor_take_null(cbor))
		return true;
	if (!lf_cbor_bytes(cbor, what, &wrapped, error))
		return false;
	lf_cbor_init(&inner, wrapped);
	return lf_cbor_item(&inner, what, &map, error) && lf_cbor_end(&inner, what, error) &&
	       lf_cbor_count_pairs(map, what, ret_count, error);
}

static bool parse_payload(LfVoucherEntry *entry, const char *what, GError **error)
{
	size_t length;
	LfCbor cbor;

	lf_cbor_init(&cbor, entry->message.payload);
	if (!lf_cbor_array(&cbor, what, 4, 4, &length, error) ||
	    !lf_hash_parse(&cbor, what, &entry->previous_hash, error) ||
	    !lf_hash_parse(&cbor, what, &entry->header_hash, error) ||
	    !parse_extra(&cbor, what, &entry->n_extras, error))
		return false;
	entry->owner = lf_key_parse(&cbor, what, error);
	return entry->owner && lf_cbor_end(&cbor, what, error);
}

LfVoucherEntry *lf_voucher_entry_parse(LfCbor *cbor, const char *what, GError **error)
{
	g_autoptr(LfVoucherEntry) entry = g_new0(LfVoucherEntry, 1);

	if (!lf_cose_sign1_parse(cbor, what, &entry->message, error) ||
	    !parse_payload(entry, what, error))
		return NULL;
	return g_steal_pointer(&entry);
}

void lf_voucher_entry_free(LfVoucherEntry *entry)
{
	if (!entry)
		return;
	lf_key_free(entry->owner);
	g_free(entry);
}

static void free_entry(void *entry)
{
	lf_voucher_entry_free(entry);
}

static bool parse_entries(LfCbor *cbor, LfVoucher *voucher, GError **error)
{
	size_t length;

	if (!lf_cbor_array(cbor, "voucher entries", 0, LF_VOUCHER_MAX_ENTRIES, &length, error))
		return false;
	for (size_t i = 0; i < length; i++) {
		g_autofree char *what = g_strdup_printf("entry %zu", i);
		LfVoucherEntry *entry = lf_voucher_entry_parse(cbor, what, error);

		if (!entry)
			return false;
		g_ptr_array_add(voucher->entries, entry);
	}
	return true;
}

static bool parse_voucher(LfCbor *cbor, LfVoucher *voucher, GError **error)
{
	unsigned version;
	size_t length;
	LfSpan header;

	if (!lf_cbor_array(cbor, "voucher", 5, 5, &length, error) ||
	    !parse_version(cbor, "voucher", &version, error) ||
	    !lf_cbor_bytes(cbor, "voucher header", &header, error))
		return false;
	voucher->header = lf_voucher_header_parse(header, error);
	if (!voucher->header ||
	    !lf_hash_parse_hmac(cbor, "voucher header HMAC", &voucher->hmac, error))
		return false;
	if (!lf_cbor_take_null(cbor)) {
		voucher->device_chain = lf_chain_parse(cbor, "device certificates", error);
		if (!voucher->device_chain)
			return false;
	}
	return parse_entries(cbor, voucher, error) && lf_cbor_end(cbor, "voucher", error);
}

LfVoucher *lf_voucher_parse(GBytes *bytes, GError **error)
{
	g_autoptr(LfVoucher) voucher = g_new0(LfVoucher, 1);
	LfSpan input;
	LfCbor cbor;

	voucher->bytes = g_bytes_ref(bytes);
	voucher->entries = g_ptr_array_new_with_free_func(free_entry);
	input.data = g_bytes_get_data(bytes, &input.size);
	if (input.size > LF_VOUCHER_MAX_BYTES)
		return lf_throw_null(error, LF_ERROR_INPUT, "voucher: it is longer than %zu bytes",
				     LF_VOUCHER_MAX_BYTES);
	lf_cbor_init(&cbor, input);
	if (!parse_voucher(&cbor, voucher, error))
		return NULL;
	return g_steal_pointer(&voucher);
}

void lf_voucher_free(LfVoucher *voucher)
{
	if (!voucher)
		return;
	lf_voucher_header_free(voucher->header);
	lf_chain_free(voucher->device_chain);
	g_ptr_array_unref(voucher->entries);
	g_bytes_unref(voucher->bytes);
	g_free(voucher);
}

const LfKey *lf_voucher_owner(const LfVoucher *voucher)
{
	const LfVoucherEntry *last;

	if (voucher->entries->len == 0)
		return voucher->header->manufacturer;
	last = voucher->entries->pdata[voucher->entries->len - 1];
	return last->owner;
}

bool lf_voucher_entry_verify_signature(const LfVoucherEntry *entry, const LfVoucherEntry *previous,
				       const LfVoucherHeader *header, GError **error)
{
	const LfKey *signer = previous ? previous->owner : header->manufacturer;

	return lf_cose_sign1_verify(&entry->message, signer, error);
}

/* The first entry hashes header and HMAC, each other one the whole entry before it. */
bool lf_voucher_entry_verify_previous(const LfVoucherEntry *entry, const LfVoucherEntry *previous,
				      const LfVoucherHeader *header, const LfHash *hmac,
				      GError **error)
{
	LfSpan first[] = { header->raw, hmac->raw };

	if (previous ? lf_hash_matches(&entry->previous_hash, &previous->message.raw, 1)
		     : lf_hash_matches(&entry->previous_hash, first, G_N_ELEMENTS(first)))
		return true;
	return lf_throw(error, LF_ERROR_TRUST, "the hash is not that of %s",
			previous ? "the entry before" : "the voucher's header");
}

bool lf_voucher_entry_verify_header(const LfVoucherEntry *entry, const LfVoucherEntry *previous,
				    const LfVoucherHeader *header, GError **error)
{
	LfSpan parts[] = { header->guid, header->device_info_raw };
	LfHashType wanted = previous ? previous->previous_hash.type : entry->previous_hash.type;

	if (entry->header_hash.type != wanted || entry->previous_hash.type != wanted)
		return lf_throw(error, LF_ERROR_TRUST,
				"the kind of hash changes within the voucher");
	if (!lf_hash_matches(&entry->header_hash, parts, G_N_ELEMENTS(parts)))
		return lf_throw(error, LF_ERROR_TRUST,
				"the hash is not that of GUID and device info");
	return true;
}

static void add_verdict(GPtrArray *verdicts, size_t number, const char *check, const GError *why)
{
	g_autofree char *name = g_strdup_printf("entry %zu: %s", number, check);

	lf_verdicts_add_bool(verdicts, !why, name, why ? why->message : NULL);
}

static void verify_entry(const LfVoucher *voucher, size_t number, GPtrArray *verdicts)
{
	const LfVoucherEntry *entry = voucher->entries->pdata[number];
	const LfVoucherEntry *previous = number > 0 ? voucher->entries->pdata[number - 1] : NULL;
	g_autoptr(GError) bad_signature = NULL;
	g_autoptr(GError) bad_previous = NULL;
	g_autoptr(GError) bad_header = NULL;

	lf_voucher_entry_verify_signature(entry, previous, voucher->header, &bad_signature);
	lf_voucher_entry_verify_previous(entry, previous, voucher->header, &voucher->hmac,
					 &bad_previous);
	lf_voucher_entry_verify_header(entry, previous, voucher->header, &bad_header);
	add_verdict(verdicts, number, "signature by the owner before", bad_signature);
	add_verdict(verdicts, number, "hash of what is before", bad_previous);
	add_verdict(verdicts, number, "hash of GUID and device info", bad_header);
}

static void verify_chain(const LfVoucher *voucher, GPtrArray *verdicts)
{
	const LfHash *hash = &voucher->header->chain_hash;
	bool is_hashed = hash->type != LF_HASH_NONE;
	const char *check = "device certificates: hash in the header";

	if (!voucher->device_chain) {
		lf_verdicts_add_bool(verdicts, !is_hashed, check,
				     "the header has a hash, but the certificates are missing");
		return;
	}
	if (is_hashed)
		lf_verdicts_add_bool(verdicts, lf_chain_matches(voucher->device_chain, hash), check,
				     "the hash is not that of the certificates");
	else
		lf_verdicts_add(verdicts, LF_VERDICT_BAD, check,
				"there are certificates, but no hash in the header");
	lf_verdicts_add_bool(verdicts, lf_chain_is_linked(voucher->device_chain),
			     "device certificates: each signed by the next",
			     "a signature does not fit the key of the next certificate");
}

void lf_voucher_verify(const LfVoucher *voucher, const LfSpan *hmac_secret, GPtrArray *verdicts)
{
	const char *check = "header: HMAC by the device";

	if (hmac_secret)
		lf_verdicts_add_bool(
			verdicts,
			lf_hash_matches_hmac(&voucher->hmac, *hmac_secret, voucher->header->raw),
			check, "the HMAC is not by the secret of this device");
	else
		lf_verdicts_add(verdicts, LF_VERDICT_OPEN, check, "only the device can tell");
	verify_chain(voucher, verdicts);
	for (guint i = 0; i < voucher->entries->len; i++)
		verify_entry(voucher, i, verdicts);
}
