// An event as a message of RFC 5424: fields, escapes, and text from anywhere.
#include <string.h>

#include "base/json.h"
#include "installer/report/syslog.h"
#include "tests/unit/test.h"

static char *message(const char *event, const char *hostname)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) object = lf_json_parse(event, strlen(event), "event", &error);

	assert_ok(object != NULL, error);
	return lf_syslog_message(object, hostname);
}

static void an_event_becomes_a_message(void **state)
{
	static const struct {
		const char *event, *hostname, *message;
	} rows[] = {
		{ "{\"time\":\"2026-01-02T03:04:05.678Z\",\"boot_id\":\"b\",\"seq\":7,"
		  "\"machine\":{\"serial\":\"S1\"},\"step\":\"disk.wipe\",\"state\":\"done\","
		  "\"title\":\"wipe\"}",
		  "edge-1",
		  "<134>1 2026-01-02T03:04:05.678Z edge-1 landfall - disk.wipe [landfall@32473 "
		  "boot_id=\"b\" seq=\"7\" serial=\"S1\" step=\"disk.wipe\" state=\"done\"] "
		  "\xEF\xBB\xBFwipe done" },
		// The machine's name is its serial number when it has no other.
		{ "{\"time\":\"t\",\"boot_id\":\"b\",\"seq\":1,\"machine\":{\"serial\":\"S 1\"},"
		  "\"step\":\"s\",\"state\":\"note\",\"title\":\"s\",\"message\":\"x\"}",
		  NULL,
		  "<133>1 t S1 landfall - s [landfall@32473 boot_id=\"b\" seq=\"1\" serial=\"S 1\" "
		  "step=\"s\" state=\"note\"] \xEF\xBB\xBFs note; x" },
		{ "{\"step\":\"install\",\"state\":\"failed\",\"error\":{\"class\":\"io\","
		  "\"message\":\"m\",\"advice\":\"a\"},\"next\":\"retry\"}",
		  NULL,
		  "<131>1 - - landfall - install [landfall@32473 step=\"install\" state=\"failed\" "
		  "class=\"io\" next=\"retry\"] \xEF\xBB\xBFinstall failed; m; a" },
		// What could end a value, a field or a line.
		{ "{\"time\":\"a b\\nc\",\"boot_id\":\"x\\\"]\\\\\\n\",\"step\":\"s t\","
		  "\"state\":\"progress\",\"title\":\"one\\ntwo\"}",
		  "h h",
		  "<135>1 abc hh landfall - st [landfall@32473 boot_id=\"x\\\"\\]\\\\ \" step=\"s "
		  "t\" "
		  "state=\"progress\"] \xEF\xBB\xBFone two progress" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = message(rows[i].event, rows[i].hostname);

		assert_string_equal(text, rows[i].message);
	}
}

static void a_message_is_bounded_and_stays_utf_8(void **state)
{
	g_autoptr(json_t) event = json_object();
	g_autoptr(GString) long_text = g_string_new("x");
	g_autofree char *text = NULL;

	for (unsigned i = 0; i < 30000; i++)
		g_string_append(long_text, "\xE2\x82\xAC");
	lf_json_set_string(event, "boot_id", long_text->str);
	lf_json_set_string(event, "step", long_text->str);
	lf_json_set_string(event, "message", long_text->str);
	text = lf_syslog_message(event, long_text->str);
	assert_true(strlen(text) < 32 * 1024);
	assert_true(g_utf8_validate(text, -1, NULL));
}

static void an_event_with_nothing_in_it_is_a_message_too(void **state)
{
	g_autofree char *text = message("{}", NULL);

	assert_true(g_str_has_prefix(text, "<134>1 - - landfall - - [landfall@32473] "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(an_event_becomes_a_message),
		LF_TEST(a_message_is_bounded_and_stays_utf_8),
		LF_TEST(an_event_with_nothing_in_it_is_a_message_too),
	};

	return LF_TEST_MAIN(tests);
}
