// Includes a test.
#include "tests/unit/test.h"
