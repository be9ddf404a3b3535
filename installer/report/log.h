#pragma once

#include "base/event.h"

#include <stdint.h>

/**
 * The events log: a file of JSON lines that the sinks' transports read, and that a restart of the
 * program goes on from. It is the buffer of everything that is not delivered yet.
 */

/** Most bytes of a log. In the last eighth there is no place for progress and notes. */
#define LF_LOG_MAX_BYTES (4 * 1024 * 1024)

/**
 * lf_log_attach:
 * @path: relative to @dir_fd; created with mode 0600 when missing
 *
 * Every event from now on is a line of the log, for as long as @events lives. The numbers of
 * @events go on from the log's last. A log that is half full first loses its progress and notes,
 * then its oldest lines.
 *
 * Errors: IO.
 */
bool lf_log_attach(LfEvents *events, int dir_fd, const char *path, GError **error);

/** LfLogTail: reads a log line by line while it grows. @offset: behind the last line taken. */
typedef struct {
	int fd;
	uint64_t offset;
} LfLogTail;

/** LF_LOG_TAIL_CLOSED: what an LfLogTail starts with. */
#define LF_LOG_TAIL_CLOSED ((LfLogTail){ -1, 0 })

/** lf_log_tail_open: Errors: IO. */
bool lf_log_tail_open(int dir_fd, const char *path, LfLogTail *ret, GError **error);
void lf_log_tail_clear(LfLogTail *tail);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LfLogTail, lf_log_tail_clear)

/**
 * lf_log_tail_next: the next event. Lines that are none, and lines over 256 KiB, are stepped over.
 * Returns: (transfer full) (nullable): NULL when there is no whole line yet
 */
json_t *lf_log_tail_next(LfLogTail *tail);

/** LfLogMark: an event that is delivered, with all before it. @boot_id: NULL: none is. */
typedef struct {
	char *boot_id;
	uint64_t seq;
} LfLogMark;

/** lf_log_mark_load: a file that is missing or damaged marks nothing. */
void lf_log_mark_load(int dir_fd, const char *path, LfLogMark *ret);

/** lf_log_mark_save: Errors: IO. */
bool lf_log_mark_save(int dir_fd, const char *path, const LfLogMark *mark, GError **error);

/** lf_log_mark_set: copies what names @event; one without a name changes nothing. */
void lf_log_mark_set(LfLogMark *mark, const json_t *event);
void lf_log_mark_clear(LfLogMark *mark);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LfLogMark, lf_log_mark_clear)

/** lf_log_tail_skip: moves behind the marked event, if the log has it, or one before it. */
void lf_log_tail_skip(LfLogTail *tail, const LfLogMark *mark);
