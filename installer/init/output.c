// All consoles and the log as one place to write to, without ever waiting for one of them.
// Not here: what is said.
#include "installer/init/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"

#define MAX_QUEUE_BYTES	 (256 * 1024)
#define MAX_LOG_BYTES	 (4 * 1024 * 1024)
#define MAX_NAME_BYTES	 32
#define POLL_INTERVAL_MS 20

typedef struct {
	int fd;
	GString *queue;
	bool lost_something;
} Console;

struct LfOutput {
	Console consoles[LF_MAX_CONSOLES];
	size_t n_consoles;
	int log_fd;
	size_t logged_bytes;
	char *mark;
	bool is_line_open; /* the installer's last byte was not a line break */
};

static bool is_device_name(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!g_ascii_isalnum(*c))
			return false;
	return *name && strlen(name) <= MAX_NAME_BYTES;
}

char **lf_console_names(const char *active)
{
	g_auto(GStrv) words = g_strsplit_set(active, " \t\r\n", 64);
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();
	size_t n = 0;

	for (size_t i = 0; words[i] && n < LF_MAX_CONSOLES; i++) {
		if (!is_device_name(words[i]))
			continue;
		g_strv_builder_add(names, words[i]);
		n++;
	}
	if (n == 0)
		g_strv_builder_add(names, "console");
	return g_strv_builder_end(names);
}

LfOutput *lf_output_new(int root_fd, const char *const *names, const char *mark)
{
	LfOutput *output = g_new0(LfOutput, 1);

	output->log_fd = -1;
	output->mark = g_strdup(mark);
	for (size_t i = 0; names[i] && output->n_consoles < LF_MAX_CONSOLES; i++) {
		g_autofree char *path = g_strdup_printf("dev/%s", names[i]);
		int fd = openat(root_fd, path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

		if (fd >= 0)
			output->consoles[output->n_consoles++] =
				(Console){ fd, g_string_new(NULL), false };
	}
	return output;
}

void lf_output_log(LfOutput *output, int fd)
{
	lf_close_fd(&output->log_fd);
	output->log_fd = fd;
}

// --- queues -------------------------------------------------------------------------------------

static void console_drain(Console *console)
{
	while (console->queue->len > 0) {
		ssize_t n = write(console->fd, console->queue->str, console->queue->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			g_string_truncate(console->queue, 0); // unplugged: nobody will read it
		if (n <= 0)
			return;
		g_string_erase(console->queue, 0, n);
	}
}

static void console_write(Console *console, const char *data, size_t size)
{
	static const char note[] = "\n[output was lost: the console is too slow]\n";

	if (console->queue->len + size > MAX_QUEUE_BYTES) {
		console->lost_something = true;
		return;
	}
	if (console->lost_something)
		g_string_append(console->queue, note);
	console->lost_something = false;
	g_string_append_len(console->queue, data, (gssize)size);
	console_drain(console);
}

static void log_write(LfOutput *output, const char *data, size_t size)
{
	size_t n = MIN(size, MAX_LOG_BYTES - output->logged_bytes);

	if (output->log_fd < 0 || n == 0)
		return;
	output->logged_bytes += n;
	(void)lf_write_all(output->log_fd, data, n, NULL);
}

void lf_output_write(LfOutput *output, const char *data, size_t size)
{
	if (size == 0)
		return;
	for (size_t i = 0; i < output->n_consoles; i++)
		console_write(&output->consoles[i], data, size);
	log_write(output, data, size);
	output->is_line_open = data[size - 1] != '\n';
}

void lf_output_say(LfOutput *output, const char *format, ...)
{
	g_autoptr(GString) line = g_string_new(output->is_line_open ? "\n" : NULL);
	va_list args;

	g_string_append(line, "landfall-init: ");
	va_start(args, format);
	g_string_append_vprintf(line, format, args);
	va_end(args);
	if (output->mark)
		g_string_append_printf(line, " [%s]", output->mark);
	g_string_append_c(line, '\n');
	lf_output_write(output, line->str, line->len);
}

size_t lf_output_polls(const LfOutput *output, struct pollfd polls[LF_MAX_CONSOLES])
{
	size_t n = 0;

	for (size_t i = 0; i < output->n_consoles; i++)
		if (output->consoles[i].queue->len > 0)
			polls[n++] = (struct pollfd){ output->consoles[i].fd, POLLOUT, 0 };
	return n;
}

void lf_output_drain(LfOutput *output)
{
	for (size_t i = 0; i < output->n_consoles; i++)
		console_drain(&output->consoles[i]);
}

// A serial line still has to send what the kernel took from us.
static bool is_shown(const Console *console)
{
	int waiting = 0;

	if (console->queue->len > 0)
		return false;
	return ioctl(console->fd, TIOCOUTQ, &waiting) < 0 || waiting == 0;
}

void lf_output_flush(LfOutput *output, unsigned timeout_ms)
{
	for (unsigned waited = 0; waited < timeout_ms; waited += POLL_INTERVAL_MS) {
		bool is_done = true;

		lf_output_drain(output);
		for (size_t i = 0; i < output->n_consoles; i++)
			is_done = is_done && is_shown(&output->consoles[i]);
		if (is_done)
			return;
		g_usleep(POLL_INTERVAL_MS * 1000);
	}
}

void lf_output_free(LfOutput *output)
{
	if (!output)
		return;
	for (size_t i = 0; i < output->n_consoles; i++) {
		lf_close_fd(&output->consoles[i].fd);
		g_string_free(output->consoles[i].queue, TRUE);
	}
	lf_close_fd(&output->log_fd);
	g_free(output->mark);
	g_free(output);
}
