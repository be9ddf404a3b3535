#include <stdio.h>

#include "base/sample.h"
