#pragma once

#include <stddef.h>
#include <stdint.h>

/**
 * LfGrow: something that may become larger.
 * @size: in: its size now; out: with its share
 * @max: it never becomes larger than this, nor smaller than it was
 * @weight: its part of what is shared, relative to the others'; 0 takes no part
 */
typedef struct {
	uint64_t size;
	uint64_t max;
	uint64_t weight;
} LfGrow;

/**
 * lf_grow_share:
 * @items: (inout) (array length=n_items)
 * @extra: how much there is to share; together with all sizes less than 2⁶³
 *
 * Shares @extra in proportion to the weights. What one cannot take, because of its maximum, goes to
 * the others; what division leaves over goes, one by one, to the first that can take it. Weights
 * are cut at 2⁶³ / n_items.
 *
 * Source: blivet/partitioning.py (Chunk.grow_requests).
 */
void lf_grow_share(LfGrow *items, size_t n_items, uint64_t extra);
