#include "runtime/read_bandwidth.h"

#include <gtest/gtest.h>

namespace coda::runtime {
namespace {

// No figure is asked for: only that it is one that memory can have.
TEST(ReadBandwidth, IsThatOfMemory) {
    for (const int threads : {1, 2}) {
        const double bytes_per_second = measure_read_bandwidth(threads, size_t{64} << 20);
        EXPECT_GT(bytes_per_second, 1e7);
        EXPECT_LT(bytes_per_second, 1e13);
    }
}

}  // namespace
}  // namespace coda::runtime
