// Sharing free space among those that may grow.
// Not here: who may grow, and in which unit (layout.c).
#include "installer/plan/grow.h"

#include <glib.h>
#include <stdbool.h>

static uint64_t room(const LfGrow *item)
{
	return item->weight > 0 && item->max > item->size ? item->max - item->size : 0;
}

static uint64_t weights(const LfGrow *items, size_t n_items)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n_items; i++)
		if (room(&items[i]) > 0)
			sum += MIN(items[i].weight, (uint64_t)G_MAXINT64 / n_items);
	return sum;
}

static uint64_t share_of(const LfGrow *item, uint64_t extra, uint64_t sum, size_t n_items)
{
	uint64_t weight = MIN(item->weight, (uint64_t)G_MAXINT64 / n_items);

	return (uint64_t)((unsigned __int128)extra * weight / sum);
}

// Those whose share is more than they can take are filled up, and leave the round.
static bool fill_the_small(LfGrow *items, size_t n_items, uint64_t *extra)
{
	uint64_t sum = weights(items, n_items);
	uint64_t left = *extra;
	bool is_any = false;

	for (size_t i = 0; i < n_items; i++) {
		uint64_t free = room(&items[i]);

		if (free == 0 || share_of(&items[i], *extra, sum, n_items) < free)
			continue;
		items[i].size += free;
		left -= free;
		is_any = true;
	}
	*extra = left;
	return is_any;
}

static void give_shares(LfGrow *items, size_t n_items, uint64_t extra)
{
	uint64_t sum = weights(items, n_items);
	uint64_t left = extra;

	for (size_t i = 0; i < n_items; i++) {
		uint64_t share;

		if (room(&items[i]) == 0)
			continue;
		share = share_of(&items[i], extra, sum, n_items);
		items[i].size += share;
		left -= share;
	}
	// Less than one for each that took part.
	for (size_t i = 0; i < n_items && left > 0; i++) {
		if (room(&items[i]) == 0)
			continue;
		items[i].size++;
		left--;
	}
}

void lf_grow_share(LfGrow *items, size_t n_items, uint64_t extra)
{
	while (extra > 0 && weights(items, n_items) > 0)
		if (!fill_the_small(items, n_items, &extra)) {
			give_shares(items, n_items, extra);
			return;
		}
}
