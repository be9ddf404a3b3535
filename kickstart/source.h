#pragma once

#include "kickstart/kickstart.h"

#define LF_SOURCE_MAX_FILES 32
#define LF_SOURCE_MAX_DEPTH 8

/**
 * LfSourceFile: a file that is being read.
 * @name: interned, for places; how the next include in it finds its file
 * @is_ours: loaded by us, so nobody else wipes the passwords that may be in it
 */
typedef struct {
	GBytes *bytes;
	const char *name;
	const char *data;
	size_t size;
	size_t position;
	unsigned line;
	bool is_ours;
} LfSourceFile;

/** LfSource: the lines of a kickstart in the order they count, includes put in their places. */
typedef struct {
	LfSourceFile stack[LF_SOURCE_MAX_DEPTH];
	size_t depth;	     /* how many of @stack are in use */
	unsigned files;	     /* how many were opened or tried */
	bool has_unreadable; /* a file was passed over as a whole */
	GArray *runs;	     /* runs of lines of one file, for lf_source_rank() */
	uint64_t serial;
	LfKickstartLoad load;
	void *user_data;
	LfDiagnostics *diagnostics;
} LfSource;

/**
 * LfLine: one line, without its line end (LF or CRLF). @text lives as long as its file is open.
 * @depth: 1 in the outermost file
 */
typedef struct {
	const char *text;
	size_t size;
	LfPlace place; /* column 1 */
	size_t depth;
} LfLine;

/**
 * lf_source_init:
 * Checks what makes a file unreadable as a whole (NUL bytes, size, line ends) and a byte order
 * mark, which is stepped over; findings are added.
 */
void lf_source_init(LfSource *source, GBytes *text, const char *file, LfKickstartLoad load,
		    void *user_data, LfDiagnostics *diagnostics);

/** lf_source_next: false at the end of the outermost file. */
bool lf_source_next(LfSource *source, LfLine *ret);

/** LfIncludeNeed: what it means that an included file cannot be loaded. */
typedef enum {
	LF_INCLUDE_REQUIRED, /* an error */
	LF_INCLUDE_LATER,    /* a warning: a script may write it */
	LF_INCLUDE_OPTIONAL, /* nothing */
} LfIncludeNeed;

/**
 * lf_source_include:
 * @name: file or URL as written
 * @place: of @name, for findings
 *
 * The lines of the file come next. Refuses loops, more than 8 files in each other, more than 32 in
 * all.
 *
 * Returns: false when it was not loaded
 */
bool lf_source_include(LfSource *source, const char *name, const LfPlace *place,
		       LfIncludeNeed need);

/** lf_source_rank: a number that grows along the text as it was read. @source: an LfSource. */
uint64_t lf_source_rank(const LfPlace *place, void *source);

/** lf_source_clear: closes all files; the ones loaded by it are wiped. */
void lf_source_clear(LfSource *source);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LfSource, lf_source_clear)
