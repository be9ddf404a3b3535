#pragma once

#include "installer/apply/payload-bare.h"
#include "installer/apply/payload-source.h"

/**
 * LfPayloadSink: a repository that is being filled; its functions are thread-safe for different
 * objects.
 * @has_file: whether the file object is there and whole. @ret_bytes: (out): size of its content, 0
 * when that is not looked for
 * @load_tree: (transfer full) (nullable): the tree object, verified, when it is there and whole
 * @write_file: writes a file object of an archive, verified. Errors: TRUST when it is not what its
 * name says; IO. @ret_bytes: (out): size of the content
 * @write_tree: writes a tree object that was verified. Errors: IO
 */
typedef struct {
	void *repo;
	bool (*has_file)(void *repo, const char *checksum, uint64_t *ret_bytes);
	GVariant *(*load_tree)(void *repo, OstreeObjectType type, const char *checksum);
	bool (*write_file)(void *repo, LfPayloadExtent *extent, const char *checksum,
			   uint64_t *ret_bytes, GError **error);
	bool (*write_tree)(void *repo, OstreeObjectType type, const char *checksum,
			   GVariant *object, GError **error);
} LfPayloadSink;

/** lf_payload_sink_bare: fills a target's repository; see payload-bare.h. */
LfPayloadSink lf_payload_sink_bare(LfBare *bare);

/**
 * LfArchive: an archive repository that is filled ahead of time. It may be in use, and an earlier
 * run may have been cut off at any instant.
 */
typedef struct LfArchive LfArchive;

/**
 * lf_archive_new: @repo: an open archive repository; must outlive the writer.
 * Errors: INTERNAL when @repo has another mode; IO. Returns: (transfer full) (nullable)
 */
LfArchive *lf_archive_new(OstreeRepo *repo, GError **error);

/**
 * lf_payload_sink_archive: fills an archive. What is there already is read and compared with its
 * name; what differs counts as absent and is replaced. An object appears under its name when it is
 * whole.
 */
LfPayloadSink lf_payload_sink_archive(LfArchive *archive);

void lf_archive_free(LfArchive *archive);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfArchive, lf_archive_free)
