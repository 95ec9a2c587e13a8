#pragma once

// glibc 2.36 declares its pidfd functions without C linkage for C++.
extern "C" {
#include <sys/pidfd.h>
}
