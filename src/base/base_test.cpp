#include "base/bounded_queue.h"
#include "base/clock.h"
#include "base/file_map.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/spsc_ring.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

namespace coda {
namespace {

Result<int> half(int value) {
    if (value % 2) return fail(ErrorCode::invalid_argument, "is odd", "value", "pass an even one");
    return value / 2;
}

Result<int> quarter(int value) {
    CODA_TRY(const int once, half(value));
    return half(once);
}

TEST(Result, CarriesTheErrorUp) {
    EXPECT_EQ(*quarter(8), 2);
    const auto failed = quarter(6);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message(), "value: is odd (pass an even one)");
}

TEST(FileMap, ReadGivesWhatMappingGives) {
    const auto path = std::filesystem::path(testing::TempDir()) / "coda-file-map-read";
    ASSERT_TRUE(write_file_atomic(path, std::string(5'000'000, 'x') + "end"));
    const auto mapped = FileMap::open(path), read = FileMap::read(path);
    ASSERT_TRUE(mapped && read);
    for (const auto& file : {&*mapped, &*read}) file->release_pages();
    EXPECT_TRUE(std::equal(mapped->bytes().begin(), mapped->bytes().end(), read->bytes().begin(),
                           read->bytes().end()));
    std::filesystem::remove(path);
    EXPECT_EQ(FileMap::read(path).error().code, ErrorCode::not_found);
    EXPECT_EQ(FileMap::read("/tmp").error().code, ErrorCode::bad_format);
    EXPECT_EQ(FileMap::read("/dev/null").error().code, ErrorCode::bad_format);
}

TEST(FileMap, NamesWhatIsWrong) {
    EXPECT_EQ(FileMap::open("/nonexistent/file").error().code, ErrorCode::not_found);
    EXPECT_EQ(FileMap::open("/tmp").error().code, ErrorCode::bad_format);
}

TEST(WriteFileAtomic, KeepsTheOldFileWhenTheDiskIsFull) {
    // /dev/full cannot hold a sibling ".part", so the directory itself is the failure here.
    EXPECT_FALSE(write_file_atomic("/proc/coda-test", std::string("x")));
    const auto path = std::filesystem::temp_directory_path() / ("coda-base-test-" + std::to_string(getpid()));
    ASSERT_TRUE(write_file_atomic(path, std::string("one")));
    ASSERT_TRUE(write_file_atomic(path, std::string("two")));
    EXPECT_EQ(*read_file(path), "two");
    EXPECT_EQ(read_file(path, 2).error().code, ErrorCode::exhausted);
    std::filesystem::remove(path);
}

TEST(WriteFileAtomic, LeavesDevicesPermissionsAndLinksAlone) {
    const auto full = write_file_atomic("/dev/full", "x");
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, ErrorCode::exhausted);
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));

    const auto folder = std::filesystem::temp_directory_path() / ("coda_write_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    ASSERT_TRUE(write_file_atomic(folder / "secret", "a"));
    std::filesystem::permissions(folder / "secret",
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    std::filesystem::create_symlink(folder / "secret", folder / "link");
    ASSERT_TRUE(write_file_atomic(folder / "link", "b"));
    EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
    EXPECT_EQ(*read_file(folder / "secret"), "b");
    EXPECT_EQ(std::filesystem::status(folder / "secret").permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    EXPECT_FALSE(write_file_atomic(folder, "c"));
    std::filesystem::remove_all(folder);
}

TEST(BoundedQueue, RefusesWhenFullAndDrainsAfterClose) {
    BoundedQueue<int> queue(2);
    EXPECT_TRUE(queue.try_push(1));
    EXPECT_TRUE(queue.try_push(2));
    EXPECT_FALSE(queue.try_push(3));
    queue.close();
    EXPECT_EQ(queue.pop(), 1);
    EXPECT_EQ(queue.pop(), 2);
    EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(SpscRing, PassesEverythingInOrderBetweenTwoThreads) {
    SpscRing<int> ring(64);
    constexpr int kCount = 20000;
    std::thread writer([&] {
        for (int i = 0; i < kCount;) i += static_cast<int>(ring.write(std::span<const int>(&i, 1)));
    });
    int expected = 0;
    while (expected < kCount) {
        int value = -1;
        if (ring.read(std::span<int>(&value, 1)) == 1) {
            ASSERT_EQ(value, expected);
            ++expected;
        }
    }
    writer.join();
}

TEST(VirtualClock, NeverGoesBack) {
    VirtualClock clock;
    clock.advance_to(Microseconds(50));
    clock.advance_to(Microseconds(20));
    EXPECT_EQ(clock.now(), Microseconds(50));
}

TEST(Metrics, BoundsItsHistory) {
    Metrics metrics;
    for (int i = 0; i < 1000; ++i) metrics.span("stage", i);
    const auto span = metrics.snapshot().spans.at("stage");
    EXPECT_EQ(span.observations, 1000);
    ASSERT_EQ(span.recent_ms.size(), Metrics::kSpanHistory);
    EXPECT_EQ(span.recent_ms.back(), 999);
}

}  // namespace
}  // namespace coda
