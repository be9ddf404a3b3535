// Fields of a word of the network: addresses, numbers, names.
// Not here: which fields a word has (netarg-ip.c, netarg-link.c, netargs.c).
#include <string.h>

#include "installer/plan/netarg.h"
#include "kickstart/shape.h"

bool lf_word_refuse(const LfNetWord *word, const char *format, ...)
{
	g_autofree char *reason = NULL;
	va_list values;

	va_start(values, format);
	reason = g_strdup_vprintf(format, values);
	va_end(values);
	return lf_throw(word->error, LF_ERROR_INPUT, "kernel command line, '%.128s': %s",
			word->word, reason);
}

bool lf_ifname_fits(const char *name)
{
	return strlen(name) <= 15 && lf_shape_fits(LF_SHAPE_NIC, name);
}

bool lf_word_check_name(const LfNetWord *word, const char *name)
{
	return lf_ifname_fits(name) ||
	       lf_word_refuse(
		       word,
		       "'%.32s' is no name of an interface: write at most 15 letters, digits, '_', "
		       "'.' and '-'",
		       name);
}

char **lf_word_split(const char *text, char separator)
{
	g_autoptr(GPtrArray) fields = g_ptr_array_new();
	const char *start = text;
	bool is_inside = false;

	for (const char *c = text;; c++) {
		if (*c == '[' || *c == ']')
			is_inside = *c == '[';
		if (*c && (*c != separator || is_inside))
			continue;
		g_ptr_array_add(fields, g_strndup(start, (gsize)(c - start)));
		if (!*c)
			break;
		start = c + 1;
	}
	g_ptr_array_add(fields, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&fields), FALSE);
}

char *lf_word_without_brackets(const char *text)
{
	size_t length = strlen(text);

	if (length >= 2 && text[0] == '[' && text[length - 1] == ']')
		return g_strndup(text + 1, length - 2);
	return g_strdup(text);
}

bool lf_word_parse_address(const char *field, LfAddress *ret)
{
	g_autofree char *text = lf_word_without_brackets(field);

	return lf_address_parse(text, ret);
}

bool lf_word_address(const LfNetWord *word, const char *field, char **ret)
{
	LfAddress address;

	if (!lf_word_parse_address(field, &address))
		return lf_word_refuse(
			word,
			"'%.64s' is no address: write it as in '192.0.2.1' or '[2001:db8::1]'",
			field);
	*ret = lf_address_text(&address);
	return true;
}

bool lf_word_number(const LfNetWord *word, const char *field, uint32_t min, uint32_t max,
		    uint32_t *ret)
{
	guint64 value;

	if (!g_ascii_string_to_unsigned(field, 10, min, max, &value, NULL))
		return lf_word_refuse(word, "'%.32s' must be a number from %u to %u", field, min,
				      max);
	*ret = (uint32_t)value;
	return true;
}

// What has the form of a MAC address is meant as one.
static bool is_mac_form(const char *field)
{
	return strchr(field, ':') && lf_shape_fits(LF_SHAPE_NIC, field);
}

bool lf_word_mac(const LfNetWord *word, const char *field, char **ret)
{
	*ret = lf_mac_parse(field);
	if (!*ret && is_mac_form(field))
		return lf_word_refuse(
			word,
			"'%.32s' is a MAC address that no card can have: write the card's own",
			field);
	return *ret ||
	       lf_word_refuse(word, "'%.32s' is no MAC address: write it as in '52:54:00:12:34:56'",
			      field);
}

bool lf_word_device(const LfNetWord *word, const char *field, char **ret)
{
	if (strcmp(field, "BOOTIF") == 0 || strcmp(field, "bootif") == 0) {
		*ret = g_strdup("bootif");
		return true;
	}
	if (is_mac_form(field))
		return lf_word_mac(word, field, ret);
	*ret = lf_mac_parse(field);
	if (*ret)
		return true;
	if (!lf_word_check_name(word, field))
		return false;
	*ret = g_strdup(field);
	return true;
}

bool lf_word_hostname(const LfNetWord *word, const char *field, char **ret)
{
	if (!lf_shape_fits(LF_SHAPE_HOSTNAME, field))
		return lf_word_refuse(word, "'%.64s' is not a host name: %s", field,
				      lf_shape_advice(LF_SHAPE_HOSTNAME));
	*ret = g_strdup(field);
	return true;
}

bool lf_word_add_server(const LfNetWord *word, const char *field, char ***list)
{
	g_autofree char *server = NULL;

	if (!lf_word_address(word, field, &server))
		return false;
	lf_net_texts_add(list, server);
	return true;
}
