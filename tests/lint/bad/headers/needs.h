#pragma once

size_t lf_needs_stddef(void);
