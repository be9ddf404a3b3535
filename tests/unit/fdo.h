#pragma once

#include "tests/unit/test.h"

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "ztp/fdo/cose.h"

/**
 * What the tests of FDO share: builders of keys, certificates, signed messages and vouchers. They
 * write with lf_cbor_put_*(), and sign and hash by themselves.
 */

/** Where recorded messages of other implementations are, when they are there. */
#define LF_TEST_FDO_DATA "../shared/data/fdo"

#define lf_test_need_fdo_data()                                                                    \
	do {                                                                                       \
		if (access(LF_TEST_FDO_DATA "/README.md", R_OK) < 0)                               \
			lf_test_skip("no " LF_TEST_FDO_DATA);                                      \
	} while (0)

static inline GBytes *lf_test_fdo_file(const char *name)
{
	g_autofree char *path = g_build_filename(LF_TEST_FDO_DATA, name, NULL);
	g_autoptr(GError) error = NULL;
	GBytes *bytes = lf_read_file_at(AT_FDCWD, path, (size_t)1 << 20, &error);

	assert_ok(bytes, error);
	return bytes;
}

static inline LfSpan lf_test_span(const GByteArray *bytes)
{
	return (LfSpan){ bytes->data, bytes->len };
}

static inline LfSpan lf_test_text(const char *text)
{
	return (LfSpan){ (const uint8_t *)text, strlen(text) };
}

/** lf_test_unhex: (transfer full): bytes from digits, which may have blanks between. */
static inline GByteArray *lf_test_unhex(const char *digits)
{
	GByteArray *out = g_byte_array_new();

	while (*digits) {
		uint8_t byte;

		if (*digits == ' ' || *digits == '\n') {
			digits++;
			continue;
		}
		byte = (uint8_t)(g_ascii_xdigit_value(digits[0]) << 4 |
				 g_ascii_xdigit_value(digits[1]));
		g_byte_array_append(out, &byte, 1);
		digits += 2;
	}
	return out;
}

/** lf_test_key: (transfer full): a new key that fits the type. */
static inline EVP_PKEY *lf_test_key(LfKeyType type)
{
	EVP_PKEY *pkey;

	if (type == LF_KEY_SECP256R1)
		pkey = EVP_EC_gen("P-256");
	else if (type == LF_KEY_SECP384R1)
		pkey = EVP_EC_gen("P-384");
	else
		pkey = EVP_RSA_gen(type == LF_KEY_RSA2048RESTR ? 2048U : 3072U);
	assert_non_null(pkey);
	return pkey;
}

/** lf_test_certificate: (transfer full): of @pkey, signed by @issuer. */
static inline X509 *lf_test_certificate(EVP_PKEY *pkey, const char *name, EVP_PKEY *issuer,
					const char *issuer_name)
{
	X509 *cert = X509_new();

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
				   (const uint8_t *)name, -1, -1, 0);
	X509_NAME_add_entry_by_txt(X509_get_issuer_name(cert), "CN", MBSTRING_UTF8,
				   (const uint8_t *)issuer_name, -1, -1, 0);
	ASN1_TIME_set_string_X509(X509_getm_notBefore(cert), "20260102030405Z");
	ASN1_TIME_set_string_X509(X509_getm_notAfter(cert), "20460102030405Z");
	X509_set_pubkey(cert, pkey);
	assert_true(X509_sign(cert, issuer, EVP_sha256()) > 0);
	return cert;
}

static inline void lf_test_put_certificate(GByteArray *out, X509 *cert)
{
	unsigned char *der = NULL;
	int size = i2d_X509(cert, &der);

	assert_true(size > 0);
	lf_cbor_put_bytes(out, der, (size_t)size);
	OPENSSL_free(der);
}

static inline void lf_test_put_cose_key(GByteArray *out, EVP_PKEY *pkey, int64_t curve)
{
	size_t half = curve == 1 ? 32 : 48;
	uint8_t point[97];
	size_t size = 0;

	assert_int_equal(EVP_PKEY_get_octet_string_param(pkey, "pub", point, sizeof(point), &size),
			 1);
	assert_int_equal(size, 1 + 2 * half);
	lf_cbor_put_map(out, 4);
	lf_cbor_put_int(out, 1);
	lf_cbor_put_int(out, 2);
	lf_cbor_put_int(out, -1);
	lf_cbor_put_int(out, curve);
	lf_cbor_put_int(out, -2);
	lf_cbor_put_bytes(out, point + 1, half);
	lf_cbor_put_int(out, -3);
	lf_cbor_put_bytes(out, point + 1 + half, half);
}

/** lf_test_put_key: a PublicKey; a chain is one certificate signed by the key itself. */
static inline void lf_test_put_key(GByteArray *out, LfKeyType type, LfKeyEncoding encoding,
				   EVP_PKEY *pkey)
{
	unsigned char *der = NULL;

	lf_cbor_put_array(out, 3);
	lf_cbor_put_uint(out, type);
	lf_cbor_put_uint(out, encoding);
	if (encoding == LF_KEY_X509) {
		int size = i2d_PUBKEY(pkey, &der);

		lf_cbor_put_bytes(out, der, (size_t)size);
		OPENSSL_free(der);
	} else if (encoding == LF_KEY_X5CHAIN) {
		X509 *cert = lf_test_certificate(pkey, "holder", pkey, "holder");

		lf_cbor_put_array(out, 1);
		lf_test_put_certificate(out, cert);
		X509_free(cert);
	} else {
		lf_test_put_cose_key(out, pkey, type == LF_KEY_SECP256R1 ? 1 : 2);
	}
}

static inline void lf_test_put_hash(GByteArray *out, LfHashType type, LfSpan text)
{
	uint8_t value[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	EVP_Digest(text.data, text.size, value, &size, lf_hash_digest(type), NULL);
	lf_cbor_put_array(out, 2);
	lf_cbor_put_int(out, type);
	lf_cbor_put_bytes(out, value, size);
}

static inline void lf_test_put_hmac(GByteArray *out, LfHashType type, LfSpan key, LfSpan text)
{
	uint8_t value[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	HMAC(lf_hash_digest(type), key.data, (int)key.size, text.data, text.size, value, &size);
	lf_cbor_put_array(out, 2);
	lf_cbor_put_int(out, type);
	lf_cbor_put_bytes(out, value, size);
}

/* r and s side by side, from DER. */
static inline size_t lf_test_raw_ecdsa(uint8_t *signature, size_t size, size_t half)
{
	const unsigned char *der = signature;
	ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &der, (long)size);

	assert_non_null(parts);
	BN_bn2binpad(ECDSA_SIG_get0_r(parts), signature, (int)half);
	BN_bn2binpad(ECDSA_SIG_get0_s(parts), signature + half, (int)half);
	ECDSA_SIG_free(parts);
	return 2 * half;
}

static inline size_t lf_test_sign(EVP_PKEY *pkey, int64_t algorithm, LfSpan text, uint8_t *ret,
				  size_t max)
{
	bool is_384 = algorithm == LF_COSE_ES384 || algorithm == LF_COSE_PS384 ||
		      algorithm == LF_COSE_RS384;
	bool is_pss = algorithm == LF_COSE_PS256 || algorithm == LF_COSE_PS384;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *options = NULL;

	assert_int_equal(EVP_DigestSignInit(context, &options, is_384 ? EVP_sha384() : EVP_sha256(),
					    NULL, pkey),
			 1);
	if (is_pss) {
		EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
	}
	assert_int_equal(EVP_DigestSign(context, ret, &max, text.data, text.size), 1);
	EVP_MD_CTX_free(context);
	if (EVP_PKEY_is_a(pkey, "EC"))
		return lf_test_raw_ecdsa(ret, max, EVP_PKEY_get_bits(pkey) > 256 ? 48 : 32);
	return max;
}

/** lf_test_put_sign1: 18([{1: algorithm}, {}, payload, signature by @pkey]). */
static inline void lf_test_put_sign1(GByteArray *out, EVP_PKEY *pkey, int64_t algorithm,
				     LfSpan payload)
{
	g_autoptr(GByteArray) header = g_byte_array_new();
	g_autoptr(GByteArray) text = g_byte_array_new();
	uint8_t signature[1024];
	size_t size;

	lf_cbor_put_map(header, 1);
	lf_cbor_put_int(header, 1);
	lf_cbor_put_int(header, algorithm);
	lf_cbor_put_array(text, 4);
	lf_cbor_put_text(text, "Signature1");
	lf_cbor_put_bytes(text, header->data, header->len);
	lf_cbor_put_bytes(text, "", 0);
	lf_cbor_put_bytes(text, payload.data, payload.size);
	size = lf_test_sign(pkey, algorithm, lf_test_span(text), signature, sizeof(signature));
	lf_cbor_put_tag(out, 18);
	lf_cbor_put_array(out, 4);
	lf_cbor_put_bytes(out, header->data, header->len);
	lf_cbor_put_map(out, 0);
	lf_cbor_put_bytes(out, payload.data, payload.size);
	lf_cbor_put_bytes(out, signature, size);
}

/** LfTestDamage: what of a voucher is made wrong. */
typedef enum {
	LF_DAMAGE_NONE,
	LF_DAMAGE_SIGNER,
	LF_DAMAGE_PREVIOUS_HASH,
	LF_DAMAGE_HEADER_HASH,
	LF_DAMAGE_HASH_KIND,
	LF_DAMAGE_CHAIN_HASH,
	LF_DAMAGE_CHAIN_LINK,
	LF_DAMAGE_CHAIN_MISSING,
} LfTestDamage;

/** LfTestVoucher: what lf_test_voucher() shall make; @damaged: the entry that is. */
typedef struct {
	LfKeyType type;
	LfKeyEncoding encoding;
	LfHashType hash;
	LfHashType hmac;
	size_t n_entries;
	bool has_null_extra;
	bool has_no_chain;
	LfTestDamage damage;
	size_t damaged;
	EVP_PKEY *device; // (nullable): a new one is made
} LfTestVoucher;

#define LF_TEST_GUID   "0123456789abcdef"
#define LF_TEST_INFO   "test device ü"
#define LF_TEST_SECRET "the secret of the device, 32 by."

static inline void lf_test_put_instruction(GByteArray *out, uint64_t variable, const char *hex)
{
	g_autoptr(GByteArray) value = lf_test_unhex(hex);

	lf_cbor_put_array(out, 2);
	lf_cbor_put_uint(out, variable);
	lf_cbor_put_bytes(out, value->data, value->len);
}

static inline void lf_test_put_rendezvous(GByteArray *out)
{
	lf_cbor_put_array(out, 1);
	lf_cbor_put_array(out, 3);
	lf_test_put_instruction(out, 5, "67 72762e74657374"); // rv.test
	lf_test_put_instruction(out, 3, "19 1f90");
	lf_test_put_instruction(out, 12, "02");
}

/* Two certificates, and the hash of both as it stands in the header. */
static inline void lf_test_put_device_chain(GByteArray *chain, GByteArray *hash,
					    const LfTestVoucher *wanted)
{
	g_autoptr(EVP_PKEY) device =
		wanted->device ? EVP_PKEY_dup(wanted->device) : lf_test_key(LF_KEY_SECP256R1);
	g_autoptr(EVP_PKEY) ca = lf_test_key(LF_KEY_SECP256R1);
	EVP_PKEY *signer = wanted->damage == LF_DAMAGE_CHAIN_LINK ? device : ca;
	X509 *leaf = lf_test_certificate(device, "device", signer, "ca");
	X509 *root = lf_test_certificate(ca, "ca", ca, "ca");
	unsigned char *end, *both;
	size_t size = (size_t)i2d_X509(leaf, NULL) + (size_t)i2d_X509(root, NULL);

	both = end = g_malloc(size);
	i2d_X509(leaf, &end);
	i2d_X509(root, &end);
	lf_test_put_hash(
		hash, wanted->hash,
		(LfSpan){ both, wanted->damage == LF_DAMAGE_CHAIN_HASH ? size - 1 : size });
	g_free(both);
	lf_cbor_put_array(chain, 2);
	lf_test_put_certificate(chain, leaf);
	lf_test_put_certificate(chain, root);
	X509_free(leaf);
	X509_free(root);
}

static inline void lf_test_put_header(GByteArray *out, const LfTestVoucher *wanted,
				      EVP_PKEY *manufacturer, GByteArray *chain_hash)
{
	lf_cbor_put_array(out, 6);
	lf_cbor_put_uint(out, 101);
	lf_cbor_put_bytes(out, LF_TEST_GUID, 16);
	lf_test_put_rendezvous(out);
	lf_cbor_put_text(out, LF_TEST_INFO);
	lf_test_put_key(out, wanted->type, wanted->encoding, manufacturer);
	if (wanted->has_no_chain)
		lf_cbor_put_null(out);
	else
		g_byte_array_append(out, chain_hash->data, chain_hash->len);
}

/* @before: what the entry's hash is of */
static inline void lf_test_put_entry(GByteArray *out, const LfTestVoucher *wanted, size_t number,
				     LfSpan before, EVP_PKEY *signer, EVP_PKEY *owner)
{
	bool is_damaged = number == wanted->damaged;
	LfTestDamage damage = is_damaged ? wanted->damage : LF_DAMAGE_NONE;
	LfHashType other = wanted->hash == LF_HASH_SHA256 ? LF_HASH_SHA384 : LF_HASH_SHA256;
	LfHashType hash = damage == LF_DAMAGE_HASH_KIND ? other : wanted->hash;
	g_autoptr(GByteArray) payload = g_byte_array_new();

	lf_cbor_put_array(payload, 4);
	if (damage == LF_DAMAGE_PREVIOUS_HASH)
		before.size--;
	lf_test_put_hash(payload, hash, before);
	lf_test_put_hash(payload, hash,
			 lf_test_text(damage == LF_DAMAGE_HEADER_HASH ? LF_TEST_GUID
					      "another device"
								      : LF_TEST_GUID LF_TEST_INFO));
	if (wanted->has_null_extra)
		lf_cbor_put_null(payload);
	else
		lf_cbor_put_bytes(payload, "\xa0", 1);
	lf_test_put_key(payload, wanted->type, wanted->encoding, owner);
	lf_test_put_sign1(out, damage == LF_DAMAGE_SIGNER ? owner : signer,
			  lf_cose_algorithm_for(wanted->type, signer), lf_test_span(payload));
}

static inline void lf_test_put_entries(GByteArray *out, const LfTestVoucher *wanted,
				       EVP_PKEY *manufacturer, const GByteArray *header,
				       const GByteArray *hmac)
{
	g_autoptr(EVP_PKEY) signer = EVP_PKEY_dup(manufacturer);
	g_autoptr(GByteArray) before = g_byte_array_new();

	g_byte_array_append(before, header->data, header->len);
	g_byte_array_append(before, hmac->data, hmac->len);
	lf_cbor_put_array(out, wanted->n_entries);
	for (size_t i = 0; i < wanted->n_entries; i++) {
		g_autoptr(EVP_PKEY) owner = lf_test_key(wanted->type);
		g_autoptr(GByteArray) entry = g_byte_array_new();

		lf_test_put_entry(entry, wanted, i, lf_test_span(before), signer, owner);
		g_byte_array_append(out, entry->data, entry->len);
		g_byte_array_unref(before);
		before = g_steal_pointer(&entry);
		EVP_PKEY_free(signer);
		signer = g_steal_pointer(&owner);
	}
}

/** lf_test_voucher: (transfer full): a voucher with new keys. */
static inline GByteArray *lf_test_voucher(const LfTestVoucher *wanted)
{
	g_autoptr(EVP_PKEY) manufacturer = lf_test_key(wanted->type);
	g_autoptr(GByteArray) chain = g_byte_array_new();
	g_autoptr(GByteArray) chain_hash = g_byte_array_new();
	g_autoptr(GByteArray) header = g_byte_array_new();
	g_autoptr(GByteArray) hmac = g_byte_array_new();
	GByteArray *out = g_byte_array_new();

	lf_test_put_device_chain(chain, chain_hash, wanted);
	lf_test_put_header(header, wanted, manufacturer, chain_hash);
	lf_test_put_hmac(hmac, wanted->hmac, lf_test_text(LF_TEST_SECRET), lf_test_span(header));
	lf_cbor_put_array(out, 5);
	lf_cbor_put_uint(out, 101);
	lf_cbor_put_bytes(out, header->data, header->len);
	g_byte_array_append(out, hmac->data, hmac->len);
	if (wanted->has_no_chain || wanted->damage == LF_DAMAGE_CHAIN_MISSING)
		lf_cbor_put_null(out);
	else
		g_byte_array_append(out, chain->data, chain->len);
	lf_test_put_entries(out, wanted, manufacturer, header, hmac);
	return out;
}
